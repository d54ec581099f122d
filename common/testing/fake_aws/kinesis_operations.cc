// The operations that manage streams.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_aws/kinesis.h"
#include "common/testing/fake_aws/kinesis_entry.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

constexpr int kMaxShards = 10'000;
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html
constexpr int kMinRecordKiB = 1024;
constexpr int kMaxRecordKiB = 10'240;
constexpr std::string_view kRecordSizeRule =
    "Value at 'maxRecordSizeInKiB' failed to satisfy constraint: 1024 to 10240";

bool IsRecordSize(int kib) { return kib >= kMinRecordKiB && kib <= kMaxRecordKiB; }

}  // namespace

FakeKinesis::Operation FakeKinesis::FindOperation(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Operation>, 10> kOperations = {{
      {"CreateStream", &FakeKinesis::AnswerCreateStream},
      {"DeleteStream", &FakeKinesis::AnswerDeleteStream},
      {"DescribeStream", &FakeKinesis::AnswerDescribeStream},
      {"DescribeStreamSummary", &FakeKinesis::AnswerDescribeStreamSummary},
      {"ListStreams", &FakeKinesis::AnswerListStreams},
      {"ListShards", &FakeKinesis::AnswerListShards},
      {"UpdateShardCount", &FakeKinesis::AnswerUpdateShardCount},
      {"UpdateMaxRecordSize", &FakeKinesis::AnswerUpdateMaxRecordSize},
      {"GetShardIterator", &FakeKinesis::AnswerGetShardIterator},
      {"GetRecords", &FakeKinesis::AnswerGetRecords},
  }};
  for (const auto& [known, operation] : kOperations) {
    if (known == name) return operation;
  }
  return nullptr;
}

ServerResponse FakeKinesis::AnswerCreateStream(const Call& call, const Json& input) {
  const std::string name = input.at("StreamName");
  const int shards = input.value("ShardCount", 1);
  if (shards < 1 || shards > kMaxShards) {
    return Error(400, "ValidationException", "ShardCount must be from 1 to 10000");
  }
  const int kib = input.value("MaxRecordSizeInKiB", kMinRecordKiB);
  if (!IsRecordSize(kib)) return Error(400, "ValidationException", kRecordSizeRule);
  const std::string path = PathOf(call.caller, name);
  if (Find(path) != nullptr) {
    return Error(400, "ResourceInUseException", absl::StrCat("Stream ", name, " already exists."));
  }
  Add(path, shards).max_record_bytes = static_cast<std::size_t>(kib) * 1024;
  return JsonAnswer("");
}

ServerResponse FakeKinesis::AnswerDeleteStream(const Call& call, const Json& input) {
  Entry* const entry = FindIn(call, input);
  if (entry == nullptr) return NotFound(call);
  Delete(*entry);
  return JsonAnswer("");
}

FakeKinesis::Json FakeKinesis::Describe(const Entry& entry) const {
  const KinesisStream& stream = entry.stream;
  return {{"StreamName", stream.name()},
          {"StreamARN", stream.arn()},
          {"StreamStatus", StatusOf(entry)},
          {"StreamModeDetails", {{"StreamMode", "PROVISIONED"}}},
          {"RetentionPeriodHours", 24},
          {"StreamCreationTimestamp", SecondsOf(stream.created())},
          {"EnhancedMonitoring", json::array({json{{"ShardLevelMetrics", json::array()}}})},
          {"EncryptionType", "NONE"}};
}

FakeKinesis::Json FakeKinesis::DescribeShards(const Entry& entry) const {
  json shards = json::array();
  for (const StreamShard& shard : entry.stream.shards()) {
    json numbers = {{"StartingSequenceNumber", KinesisStream::SequenceNumber(shard.opened_at + 1)}};
    if (shard.closed_at) {
      numbers["EndingSequenceNumber"] = KinesisStream::SequenceNumber(*shard.closed_at);
    }
    json description = {{"ShardId", KinesisStream::ShardId(static_cast<int>(shards.size()))},
                        {"HashKeyRange",
                         {{"StartingHashKey", Decimal(shard.first_hash_key)},
                          {"EndingHashKey", Decimal(shard.last_hash_key)}}},
                        {"SequenceNumberRange", numbers}};
    if (shard.parent) description["ParentShardId"] = KinesisStream::ShardId(*shard.parent);
    if (shard.adjacent_parent) {
      description["AdjacentParentShardId"] = KinesisStream::ShardId(*shard.adjacent_parent);
    }
    shards.push_back(std::move(description));
  }
  return shards;
}

ServerResponse FakeKinesis::AnswerDescribeStream(const Call& call, const Json& input) {
  const Entry* const entry = FindIn(call, input);
  if (entry == nullptr) return NotFound(call);
  json description = Describe(*entry);
  description["Shards"] = DescribeShards(*entry);
  description["HasMoreShards"] = false;
  return JsonAnswer(json{{"StreamDescription", description}}.dump());
}

ServerResponse FakeKinesis::AnswerDescribeStreamSummary(const Call& call, const Json& input) {
  const Entry* const entry = FindIn(call, input);
  if (entry == nullptr) return NotFound(call);
  json summary = Describe(*entry);
  summary["OpenShardCount"] = entry->stream.open_shards();
  summary["MaxRecordSizeInKiB"] = entry->max_record_bytes / 1024;
  summary["ConsumerCount"] = 0;
  return JsonAnswer(json{{"StreamDescriptionSummary", summary}}.dump());
}

ServerResponse FakeKinesis::AnswerListStreams(const Call& call, const Json& /*input*/) {
  Purge();
  json names = json::array();
  for (const auto& [path, entry] : streams_) {
    if (path.starts_with(call.caller.account + "/")) names.push_back(entry->stream.name());
  }
  return JsonAnswer(json{{"StreamNames", names}, {"HasMoreStreams", false}}.dump());
}

ServerResponse FakeKinesis::AnswerListShards(const Call& call, const Json& input) {
  const Entry* const entry = FindIn(call, input);
  if (entry == nullptr) return NotFound(call);
  return JsonAnswer(json{{"Shards", DescribeShards(*entry)}}.dump());
}

ServerResponse FakeKinesis::AnswerUpdateShardCount(const Call& call, const Json& input) {
  Entry* const entry = FindIn(call, input);
  if (!IsOpen(entry)) return NotFound(call);
  if (StatusOf(*entry) != "ACTIVE") {
    return Error(400, "ResourceInUseException",
                 absl::StrCat("Stream ", call.resource, " not ACTIVE"));
  }
  const int before = entry->stream.open_shards();
  const int target = input.at("TargetShardCount");
  if (!Reshard(*entry, target)) {
    return Error(400, "InvalidArgumentException",
                 "the fake's shards can only be split in two or merged two by two");
  }
  return JsonAnswer(json{
      {"StreamName", entry->stream.name()},
      {"StreamARN", entry->stream.arn()},
      {"CurrentShardCount", before},
      {"TargetShardCount",
       target}}.dump());
}

ServerResponse FakeKinesis::AnswerUpdateMaxRecordSize(const Call& call, const Json& input) {
  Entry* const entry = FindIn(call, input);
  if (!IsOpen(entry)) return NotFound(call);
  const int kib = input.at("MaxRecordSizeInKiB");
  if (!IsRecordSize(kib)) return Error(400, "ValidationException", kRecordSizeRule);
  entry->max_record_bytes = static_cast<std::size_t>(kib) * 1024;
  return JsonAnswer("");
}

}  // namespace tidemark::fake_aws
