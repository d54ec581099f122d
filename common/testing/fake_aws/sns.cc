// What a call is about, and what tests do directly.
#include "common/testing/fake_aws/sns.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/query_api.h"

namespace tidemark::fake_aws {
namespace {

constexpr const char* kNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";

// What a call addresses.
constexpr std::array<std::string_view, 3> kArns = {"TargetArn", "EndpointArn",
                                                   "PlatformApplicationArn"};

}  // namespace

FakeSns::FakeSns(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

std::string FakeSns::CreateApplication(const std::string& platform, const std::string& name,
                                       std::string account) {
  const std::lock_guard lock(mutex_);
  return Add(platform, name, account.empty() ? options_.account : account);
}

bool FakeSns::DeleteApplication(std::string_view arn) {
  const std::lock_guard lock(mutex_);
  return RemoveApplication(arn);
}

bool FakeSns::DeleteEndpoint(std::string_view arn) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(endpoints_, [arn](const auto& item) { return item.first == arn; }) > 0;
}

bool FakeSns::SetEnabled(std::string_view arn, bool enabled) {
  const std::lock_guard lock(mutex_);
  Application* const application = FindApplication(arn);
  if (application != nullptr) application->enabled = enabled;
  PushEndpoint* const endpoint = FindEndpoint(arn);
  if (endpoint != nullptr) endpoint->enabled = enabled;
  return application != nullptr || endpoint != nullptr;
}

std::vector<std::string> FakeSns::Applications() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> arns;
  for (const auto& [arn, application] : applications_) arns.push_back(arn);
  return arns;
}

std::vector<PushEndpoint> FakeSns::Endpoints() const {
  const std::lock_guard lock(mutex_);
  std::vector<PushEndpoint> endpoints;
  for (const auto& [arn, endpoint] : endpoints_) endpoints.push_back(endpoint);
  return endpoints;
}

std::vector<ReceivedPush> FakeSns::Pushes(std::string_view endpoint_arn, std::size_t from,
                                          std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<ReceivedPush> pushes;
  for (const ReceivedPush& push : received_) {
    if (!endpoint_arn.empty() && push.endpoint_arn != endpoint_arn) continue;
    if (from > 0) {
      --from;
      continue;
    }
    if (pushes.size() == limit) break;
    pushes.push_back(push);
  }
  return pushes;
}

std::uint64_t FakeSns::pushes() const {
  const std::lock_guard lock(mutex_);
  return pushes_;
}

Call FakeSns::Read(const ServerRequest& request) const {
  const Parameters form = ParseQuery(request.body);
  Call call{.request = request,
            .operation = std::string(Get(form, "Action")),
            .resource = {},
            .action = {},
            .caller = {}};
  for (const std::string_view name : kArns) {
    if (call.resource.empty()) call.resource = Get(form, name);
  }
  return call;
}

ServerResponse FakeSns::Answer(const Call& call, const std::optional<Fault>& /*records*/) {
  const Operation operation = FindOperation(call.operation);
  if (operation == nullptr) {
    return Error(400, "InvalidAction", absl::StrCat("Could not find operation ", call.operation));
  }
  const std::lock_guard lock(mutex_);
  return (this->*operation)(call, ParseQuery(call.request.body));
}

ServerResponse FakeSns::Error(int status, std::string_view code, std::string_view message) const {
  return QueryError(kNamespace, status, code, message);
}

void FakeSns::Reset() {
  const std::lock_guard lock(mutex_);
  applications_.clear();
  endpoints_.clear();
  received_.clear();
  pushes_ = 0;
}

std::string FakeSns::Add(const std::string& platform, const std::string& name,
                         std::string_view account) {
  std::string arn = absl::StrCat("arn:aws:sns:", options_.region, ":", ToAbsl(account), ":app/",
                                 platform, "/", name);
  applications_.try_emplace(arn, Application{.platform = platform});
  return arn;
}

bool FakeSns::RemoveApplication(std::string_view arn) {
  std::erase_if(endpoints_, [arn](const auto& item) { return item.second.application_arn == arn; });
  return std::erase_if(applications_, [arn](const auto& item) { return item.first == arn; }) > 0;
}

FakeSns::Application* FakeSns::FindApplication(std::string_view arn) {
  const auto found = applications_.find(arn);
  return found == applications_.end() ? nullptr : &found->second;
}

PushEndpoint* FakeSns::FindEndpoint(std::string_view arn) {
  const auto found = endpoints_.find(arn);
  return found == endpoints_.end() ? nullptr : &found->second;
}

PushEndpoint* FakeSns::FindByToken(std::string_view application_arn, std::string_view token) {
  const auto found = std::find_if(endpoints_.begin(), endpoints_.end(), [&](const auto& item) {
    return item.second.token == token && item.second.application_arn == application_arn;
  });
  return found == endpoints_.end() ? nullptr : &found->second;
}

}  // namespace tidemark::fake_aws
