#include "common/testing/fake_aws/kinesis.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/kinesis_entry.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

constexpr std::string_view kTargetPrefix = "Kinesis_20131202.";

// The value of the first "StreamName" or "StreamARN" in the text: enough to aim faults with.
std::string_view FindStreamName(std::string_view body) {
  for (const std::string_view member : {"\"StreamName\"", "\"StreamARN\""}) {
    const std::size_t at = body.find(member);
    if (at == std::string_view::npos) continue;
    const std::size_t open = body.find('"', at + member.size());
    if (open == std::string_view::npos) continue;
    const std::string_view value = body.substr(open + 1);
    const std::string_view text = value.substr(0, value.find('"'));
    return text.substr(text.rfind('/') + 1);
  }
  return {};
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
  if (Find(name) != nullptr) return false;
  Add(name, shards);
  return true;
}

bool FakeKinesis::DeleteStream(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(name);
  if (entry == nullptr) return false;
  Delete(*entry);
  return true;
}

bool FakeKinesis::SetStatus(const std::string& name, const std::string& status) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(name);
  if (entry == nullptr) return false;
  entry->held_status = status;
  return true;
}

std::vector<ReceivedRecord> FakeKinesis::Records(const std::string& name, std::size_t from,
                                                 std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(name);
  if (found == streams_.end()) return {};
  const std::vector<ReceivedRecord>& all = found->second->stream.records();
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(from, all.size()));
  const auto count = std::min(limit, static_cast<std::size_t>(all.end() - begin));
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

FakeKinesis::Counts FakeKinesis::CountsOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(name);
  if (found == streams_.end()) return {};
  const Entry& entry = *found->second;
  return {entry.stream.accepted(), entry.stream.accepted_bytes(), entry.failed};
}

std::vector<std::string> FakeKinesis::StreamNames() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, entry] : streams_) names.push_back(name);
  return names;
}

Call FakeKinesis::Read(const ServerRequest& request) const {
  std::string_view target = aws::FindHeader(request.headers, "x-amz-target");
  if (target.starts_with(kTargetPrefix)) target.remove_prefix(kTargetPrefix.size());
  return {.request = request,
          .operation = std::string(target),
          .resource = std::string(FindStreamName(request.body))};
}

ServerResponse FakeKinesis::Answer(const Call& call, const std::optional<Fault>& records) {
  const std::lock_guard lock(mutex_);
  if (call.operation == "PutRecords") return AnswerPutRecords(call, records);
  const json input = json::parse(call.request.body, nullptr, /*allow_exceptions=*/false);
  if (!input.is_object()) return Error(400, "SerializationException", "not a JSON object");
  try {
    if (call.operation == "PutRecord") return AnswerPutRecord(call, input);
    if (const Operation operation = FindOperation(call.operation)) return (this->*operation)(input);
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

FakeKinesis::Entry* FakeKinesis::Find(std::string_view stream) {
  Purge();
  const auto found = streams_.find(stream.substr(stream.rfind('/') + 1));
  return found == streams_.end() ? nullptr : found->second.get();
}

FakeKinesis::Entry* FakeKinesis::FindIn(const Json& input) {
  const char* member = input.contains("StreamName") ? "StreamName" : "StreamARN";
  return Find(input.at(member).get<std::string>());
}

void FakeKinesis::Purge() {
  const absl::Time now = clock_.Now();
  std::erase_if(streams_, [&](const auto& item) {
    return now >= item.second->deleted + options_.delete_time;
  });
}

FakeKinesis::Entry& FakeKinesis::Add(const std::string& name, int shards) {
  const std::string arn =
      absl::StrCat("arn:aws:kinesis:", options_.region, ":", options_.account, ":stream/", name);
  auto& slot = streams_[name];
  slot.reset(new Entry{KinesisStream(name, arn, shards, clock_.Now()), std::nullopt,
                       absl::InfiniteFuture(), 0});
  return *slot;
}

void FakeKinesis::Delete(Entry& entry) {
  entry.held_status.reset();
  entry.deleted = clock_.Now();
}

std::string FakeKinesis::StatusOf(const Entry& entry) const {
  if (entry.held_status) return *entry.held_status;
  const absl::Time now = clock_.Now();
  if (now >= entry.deleted) return "DELETING";
  return now < entry.stream.created() + options_.create_time ? "CREATING" : "ACTIVE";
}

bool FakeKinesis::IsOpen(const Entry* entry) const {
  if (entry == nullptr) return false;
  const std::string status = StatusOf(*entry);
  return status == "ACTIVE" || status == "UPDATING";
}

ServerResponse FakeKinesis::NotFound(std::string_view stream) const {
  return Error(
      400, "ResourceNotFoundException",
      absl::StrCat("Stream ", ToAbsl(stream), " under account ", options_.account, " not found."));
}

}  // namespace tidemark::fake_aws
