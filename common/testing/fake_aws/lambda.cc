#include "common/testing/fake_aws/lambda.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/aws/lambda.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/query.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "/2015-03-31/functions/";
constexpr std::string_view kSuffix = "/invocations";

// arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
constexpr std::size_t kAccountPart = 4;
constexpr std::size_t kNamePart = 6;

ServerResponse OutcomeAnswer(FunctionOutcome outcome) {
  if (outcome.payload.size() > aws::kMaxInvokeBytes) {
    outcome.error = "Unhandled";
    outcome.payload =
        json{{"errorType", "Function.ResponseSizeTooLarge"},
             {"errorMessage",
              "Response payload size exceeded maximum allowed payload size (6291556 bytes)."}}
            .dump();
  }
  ServerResponse response{
      .status = 200,
      .headers = {{"Content-Type", "application/json"}, {"X-Amz-Executed-Version", "$LATEST"}},
      .body = std::move(outcome.payload)};
  if (!outcome.error.empty()) {
    response.headers.push_back({"X-Amz-Function-Error", std::move(outcome.error)});
  }
  response.delay = outcome.sleep;
  return response;
}

}  // namespace

FakeLambda::FakeLambda(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

FunctionOutcome FakeLambda::Echo(const std::string& payload) {
  return {.payload = payload, .error = {}};
}

void FakeLambda::PutFunction(const std::string& name, FunctionBody body) {
  const std::lock_guard lock(mutex_);
  functions_[PathOf(name)].body = std::move(body);
}

bool FakeLambda::Queue(const std::string& name, FunctionBody body) {
  const std::lock_guard lock(mutex_);
  Function* const function = Find(name);
  if (function == nullptr) return false;
  function->queued.push_back(std::move(body));
  return true;
}

bool FakeLambda::SetConcurrency(const std::string& name, std::optional<int> limit) {
  const std::lock_guard lock(mutex_);
  Function* const function = Find(name);
  if (function == nullptr) return false;
  function->concurrency = limit;
  return true;
}

bool FakeLambda::DeleteFunction(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return functions_.erase(PathOf(name)) > 0;
}

std::vector<Invocation> FakeLambda::Invocations(const std::string& name, std::size_t from,
                                                std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto found = functions_.find(PathOf(name));
  if (found == functions_.end()) return {};
  const std::vector<Invocation>& all = found->second.invocations;
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(from, all.size()));
  const auto count = std::min(limit, static_cast<std::size_t>(all.end() - begin));
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

bool FakeLambda::Knows(const ServerRequest& request) {
  const std::string_view path = fake_aws::PathOf(request.target);
  return request.method == "POST" && path.starts_with(kPrefix) && path.ends_with(kSuffix);
}

FakeLambda::Place FakeLambda::PlaceOf(const ServerRequest& request) {
  std::string_view path = fake_aws::PathOf(request.target);
  path.remove_prefix(std::min(path.size(), kPrefix.size()));
  path.remove_suffix(std::min(path.size(), kSuffix.size()));
  std::string function;
  aws::AppendUriDecoded(path, aws::Plus::kIsItself, function);
  const std::vector<std::string> parts = absl::StrSplit(function, ':');
  const bool arn = parts[0] == "arn" && parts.size() > kNamePart;
  const std::size_t name = arn ? kNamePart : 0;
  return {.account = arn ? parts[kAccountPart] : "",
          .name = parts[name],
          .qualifier = parts.size() > name + 1 ? parts[name + 1] : ""};
}

Call FakeLambda::Read(const ServerRequest& request) const {
  if (!Knows(request)) {
    return {.request = request, .operation = {}, .resource = {}, .action = {}, .caller = {}};
  }
  return {.request = request,
          .operation = "Invoke",
          .resource = PlaceOf(request).name,
          .action = "lambda:InvokeFunction",
          .caller = {}};
}

ServerResponse FakeLambda::Answer(const Call& call, const std::optional<Fault>& /*records*/) {
  if (call.operation.empty()) {
    return Error(404, "UnknownOperationException", "the fake's Lambda can Invoke alone");
  }
  const std::string_view type = aws::FindHeader(call.request.headers, "x-amz-invocation-type");
  if (!type.empty() && type != "RequestResponse") {
    return Error(400, "InvalidParameterValueException", "the fake's Lambda answers at once alone");
  }
  const std::string& payload = call.request.body;
  if (payload.size() > aws::kMaxInvokeBytes) {
    return Error(413, "RequestTooLargeException",
                 absl::StrCat(payload.size(),
                              " byte payload is too large for the RequestResponse "
                              "invocation type (limit 6291456 bytes)"));
  }
  if (!payload.empty() && !json::accept(payload)) {
    return Error(400, "InvalidRequestContentException",
                 "Could not parse request body into json: Could not parse payload into json");
  }
  const Place place = PlaceOf(call.request);
  if (!place.account.empty() && place.account != call.caller.account) {
    return Error(403, "AccessDeniedException",
                 absl::StrCat("User: ", call.caller.arn,
                              " is not authorized to perform: lambda:InvokeFunction on resource: ",
                              place.name, " because no resource-based policy allows it"));
  }
  const std::string path = absl::StrCat(call.caller.account, "/", place.name);
  FunctionBody body;
  {
    const std::lock_guard lock(mutex_);
    Function* const function = Find(path);
    if (function == nullptr) {
      return Error(404, "ResourceNotFoundException",
                   absl::StrCat("Function not found: arn:aws:lambda:", options_.region, ":",
                                call.caller.account, ":function:", place.name));
    }
    if (Throttles(*function)) return Error(429, "TooManyRequestsException", "Rate Exceeded.");
    function->invocations.push_back({.payload = payload,
                                     .qualifier = place.qualifier,
                                     .call = call.number,
                                     .arrived = clock_.Now()});
    body = function->body;
    if (!function->queued.empty()) {
      body = std::move(function->queued.front());
      function->queued.pop_front();
    }
  }
  FunctionOutcome outcome = body(payload);
  const std::lock_guard lock(mutex_);
  if (Function* const function = Find(path)) {
    function->running_until.push_back(clock_.Now() + outcome.sleep);
  }
  return OutcomeAnswer(std::move(outcome));
}

ServerResponse FakeLambda::Error(int status, std::string_view code,
                                 std::string_view message) const {
  const json body = {{"Type", status < 500 ? "User" : "Service"}, {"message", message}};
  return {
      .status = status,
      .headers = {{"Content-Type", "application/json"}, {"x-amzn-ErrorType", std::string(code)}},
      .body = body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

void FakeLambda::Reset() {
  const std::lock_guard lock(mutex_);
  functions_.clear();
}

std::string FakeLambda::PathOf(const std::string& name) const {
  return name.find('/') == std::string::npos ? absl::StrCat(options_.account, "/", name) : name;
}

FakeLambda::Function* FakeLambda::Find(const std::string& name) {
  const auto found = functions_.find(PathOf(name));
  return found == functions_.end() ? nullptr : &found->second;
}

bool FakeLambda::Throttles(Function& function) const {
  std::erase_if(function.running_until,
                [now = clock_.Now()](absl::Time until) { return until <= now; });
  return function.concurrency &&
         std::cmp_greater_equal(function.running_until.size(), *function.concurrency);
}

}  // namespace tidemark::fake_aws
