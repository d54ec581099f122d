#include "common/testing/fake_aws/kinesis.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/kinesis_entry.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

constexpr std::string_view kTargetPrefix = "Kinesis_20131202.";

// The value of the first "StreamName" or "StreamARN" in the text: enough to aim faults with, and to
// see whose it is.
std::string_view FindStream(std::string_view body) {
  for (const std::string_view member : {"\"StreamName\"", "\"StreamARN\""}) {
    const std::size_t at = body.find(member);
    if (at == std::string_view::npos) continue;
    const std::size_t open = body.find('"', at + member.size());
    if (open == std::string_view::npos) continue;
    const std::string_view value = body.substr(open + 1);
    return value.substr(0, value.find('"'));
  }
  return {};
}

std::string_view NameOf(std::string_view stream) { return stream.substr(stream.rfind('/') + 1); }

// The account in "arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"; empty for a name.
std::string_view AccountOf(std::string_view stream) {
  if (!stream.starts_with("arn:")) return {};
  const std::size_t end = stream.rfind(":stream/");
  if (end == std::string_view::npos) return {};
  const std::size_t start = stream.rfind(':', end - 1) + 1;
  return stream.substr(start, end - start);
}

}  // namespace

ServerResponse JsonAnswer(std::string body) {
  return {.status = 200,
          .headers = {{"Content-Type", "application/x-amz-json-1.1"}},
          .body = std::move(body)};
}

FakeKinesis::FakeKinesis(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), random_(options_.seed) {}

FakeKinesis::~FakeKinesis() = default;

bool FakeKinesis::CreateStream(const std::string& name, int shards) {
  const std::lock_guard lock(mutex_);
  const std::string path = PathOf(name);
  if (Find(path) != nullptr) return false;
  Add(path, shards);
  return true;
}

bool FakeKinesis::DeleteStream(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(PathOf(name));
  if (entry == nullptr) return false;
  Delete(*entry);
  return true;
}

bool FakeKinesis::Reshard(const std::string& name, int shards) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(PathOf(name));
  return entry != nullptr && Reshard(*entry, shards);
}

bool FakeKinesis::SetMaxRecordBytes(const std::string& name, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(PathOf(name));
  if (entry == nullptr) return false;
  entry->max_record_bytes = bytes;
  return true;
}

bool FakeKinesis::SetPoison(const std::string& name, const std::string& text) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(PathOf(name));
  if (entry == nullptr) return false;
  entry->poison = text;
  return true;
}

bool FakeKinesis::SetStatus(const std::string& name, const std::string& status) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(PathOf(name));
  if (entry == nullptr) return false;
  entry->held_status = status.empty() ? std::nullopt : std::optional(status);
  return true;
}

std::vector<ReceivedRecord> FakeKinesis::Records(const std::string& name, std::size_t from,
                                                 std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(PathOf(name));
  if (found == streams_.end()) return {};
  const std::deque<ReceivedRecord>& all = found->second->stream.records();
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(from, all.size()));
  const auto count = std::min(limit, static_cast<std::size_t>(all.end() - begin));
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

FakeKinesis::Counts FakeKinesis::CountsOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(PathOf(name));
  if (found == streams_.end()) return {};
  const Entry& entry = *found->second;
  return {entry.stream.accepted(), entry.stream.accepted_bytes(), entry.failed};
}

std::vector<std::string> FakeKinesis::StreamNames() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [path, entry] : streams_) {
    const bool own = path.starts_with(options_.account + "/");
    names.push_back(own ? entry->stream.name() : path);
  }
  return names;
}

Call FakeKinesis::Read(const ServerRequest& request) const {
  std::string_view target = aws::FindHeader(request.headers, "x-amz-target");
  if (target.starts_with(kTargetPrefix)) target.remove_prefix(kTargetPrefix.size());
  return {.request = request,
          .operation = std::string(target),
          .resource = std::string(NameOf(FindStream(request.body))),
          .action = {},
          .caller = {}};
}

ServerResponse FakeKinesis::Answer(const Call& call, const std::optional<Fault>& records) {
  const std::string_view account = AccountOf(FindStream(call.request.body));
  if (!account.empty() && account != call.caller.account) {
    return Error(400, "AccessDeniedException",
                 absl::StrCat("User: ", call.caller.arn, " is not authorized to perform: kinesis:",
                              call.operation, " because no resource-based policy allows it"));
  }
  const std::lock_guard lock(mutex_);
  if (call.operation == "PutRecords") return AnswerPutRecords(call, records);
  const json input = json::parse(call.request.body, nullptr, /*allow_exceptions=*/false);
  if (!input.is_object()) return Error(400, "SerializationException", "not a JSON object");
  try {
    if (call.operation == "PutRecord") return AnswerPutRecord(call, input);
    if (const Operation operation = FindOperation(call.operation)) {
      return (this->*operation)(call, input);
    }
  } catch (const json::exception& error) {  // a member is missing or of the wrong type
    return Error(400, "SerializationException", error.what());
  }
  return Error(400, "UnknownOperationException", call.operation);
}

ServerResponse FakeKinesis::Error(int status, std::string_view code,
                                  std::string_view message) const {
  const json body = {{"__type", code}, {"message", message}};
  ServerResponse response = JsonAnswer(body.dump());
  response.status = status;
  response.headers.push_back({"x-amzn-ErrorType", std::string(code)});
  return response;
}

void FakeKinesis::Reset() {
  const std::lock_guard lock(mutex_);
  streams_.clear();
}

std::string FakeKinesis::PathOf(std::string_view name) const {
  if (name.find('/') != std::string_view::npos) return std::string(name);
  return absl::StrCat(options_.account, "/", ToAbsl(name));
}

std::string FakeKinesis::PathOf(const Caller& caller, std::string_view stream) {
  return absl::StrCat(caller.account, "/", ToAbsl(NameOf(stream)));
}

FakeKinesis::Entry* FakeKinesis::Find(std::string_view path) {
  Purge();
  const auto found = streams_.find(path);
  return found == streams_.end() ? nullptr : found->second.get();
}

FakeKinesis::Entry* FakeKinesis::FindIn(const Call& call, const Json& input) {
  const char* member = input.contains("StreamName") ? "StreamName" : "StreamARN";
  return Find(PathOf(call.caller, input.at(member).get<std::string>()));
}

void FakeKinesis::Purge() {
  const absl::Time now = clock_.Now();
  std::erase_if(streams_, [&](const auto& item) {
    return now >= item.second->deleted + options_.delete_time;
  });
}

FakeKinesis::Entry& FakeKinesis::Add(const std::string& path, int shards) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(path, absl::MaxSplits('/', 1));
  const auto& [account, name] = parts;
  const std::string arn =
      absl::StrCat("arn:aws:kinesis:", options_.region, ":", account, ":stream/", name);
  auto& slot = streams_[path];
  slot.reset(new Entry{.stream = KinesisStream(name, arn, shards, clock_.Now()),
                       .held_status = std::nullopt});
  return *slot;
}

bool FakeKinesis::Reshard(Entry& entry, int shards) {
  if (!entry.stream.Reshard(shards)) return false;
  entry.updated_until = clock_.Now() + options_.update_time;
  return true;
}

void FakeKinesis::Delete(Entry& entry) {
  entry.held_status.reset();
  entry.deleted = clock_.Now();
}

std::string FakeKinesis::StatusOf(const Entry& entry) const {
  if (entry.held_status) return *entry.held_status;
  const absl::Time now = clock_.Now();
  if (now >= entry.deleted) return "DELETING";
  if (now < entry.stream.created() + options_.create_time) return "CREATING";
  return now < entry.updated_until ? "UPDATING" : "ACTIVE";
}

bool FakeKinesis::IsOpen(const Entry* entry) const {
  if (entry == nullptr) return false;
  const std::string status = StatusOf(*entry);
  return status == "ACTIVE" || status == "UPDATING";
}

ServerResponse FakeKinesis::NotFound(const Call& call) const {
  return Error(400, "ResourceNotFoundException",
               absl::StrCat("Stream ", call.resource, " under account ", call.caller.account,
                            " not found."));
}

}  // namespace tidemark::fake_aws
