// The operations that manage and read streams.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/testing/fake_aws/kinesis.h"
#include "common/testing/fake_aws/kinesis_entry.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

constexpr int kMaxShards = 10'000;
constexpr std::size_t kMaxGetRecords = 10'000;

double Seconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

// A place in a stream's records, as GetShardIterator and GetRecords hand it out.
struct Iterator {
  std::string stream;
  std::string shard_id;
  std::size_t index = 0;  // of the next record to look at
};

std::string ToText(const Iterator& iterator) {
  return absl::WebSafeBase64Escape(
      absl::StrCat(iterator.stream, "/", iterator.shard_id, "/", iterator.index));
}

std::optional<Iterator> ParseIterator(const std::string& text) {
  std::string plain;
  if (!absl::WebSafeBase64Unescape(text, &plain)) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(plain, '/');
  Iterator iterator;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &iterator.index)) return std::nullopt;
  iterator.stream = parts[0];
  iterator.shard_id = parts[1];
  return iterator;
}

// The index of the first record of `records` at which `reached` holds.
template <typename Reached>
std::size_t IndexWhere(const std::vector<ReceivedRecord>& records, const Reached& reached) {
  std::size_t index = 0;
  while (index < records.size() && !reached(records[index])) ++index;
  return index;
}

std::optional<std::size_t> StartOf(const json& input, const std::vector<ReceivedRecord>& records) {
  const std::string type = input.at("ShardIteratorType");
  if (type == "TRIM_HORIZON") return 0;
  if (type == "LATEST") return records.size();
  if (type == "AT_TIMESTAMP") {
    const double from = input.at("Timestamp");
    return IndexWhere(records, [&](const ReceivedRecord& r) { return Seconds(r.arrived) >= from; });
  }
  if (type != "AT_SEQUENCE_NUMBER" && type != "AFTER_SEQUENCE_NUMBER") return std::nullopt;
  const std::string number = input.at("StartingSequenceNumber");
  const std::size_t index =
      IndexWhere(records, [&](const ReceivedRecord& r) { return r.sequence_number == number; });
  return type == "AT_SEQUENCE_NUMBER" ? index : index + 1;
}

}  // namespace

FakeKinesis::Operation FakeKinesis::FindOperation(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Operation>, 8> kOperations = {{
      {"CreateStream", &FakeKinesis::AnswerCreateStream},
      {"DeleteStream", &FakeKinesis::AnswerDeleteStream},
      {"DescribeStream", &FakeKinesis::AnswerDescribeStream},
      {"DescribeStreamSummary", &FakeKinesis::AnswerDescribeStreamSummary},
      {"ListStreams", &FakeKinesis::AnswerListStreams},
      {"ListShards", &FakeKinesis::AnswerListShards},
      {"GetShardIterator", &FakeKinesis::AnswerGetShardIterator},
      {"GetRecords", &FakeKinesis::AnswerGetRecords},
  }};
  for (const auto& [known, operation] : kOperations) {
    if (known == name) return operation;
  }
  return nullptr;
}

ServerResponse FakeKinesis::AnswerCreateStream(const Json& input) {
  const std::string name = input.at("StreamName");
  const int shards = input.value("ShardCount", 1);
  if (shards < 1 || shards > kMaxShards) {
    return Error(400, "ValidationException", "ShardCount must be from 1 to 10000");
  }
  if (Find(name) != nullptr) {
    return Error(400, "ResourceInUseException", absl::StrCat("Stream ", name, " already exists."));
  }
  Add(name, shards);
  return JsonAnswer("");
}

ServerResponse FakeKinesis::AnswerDeleteStream(const Json& input) {
  Entry* const entry = FindIn(input);
  if (entry == nullptr) return NotFound(input.value("StreamName", ""));
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
          {"StreamCreationTimestamp", Seconds(stream.created())},
          {"EnhancedMonitoring", json::array({json{{"ShardLevelMetrics", json::array()}}})},
          {"EncryptionType", "NONE"}};
}

FakeKinesis::Json FakeKinesis::DescribeShards(const Entry& entry) const {
  json shards = json::array();
  for (int shard = 0; shard < entry.stream.shards(); ++shard) {
    shards.push_back({{"ShardId", KinesisStream::ShardId(shard)},
                      {"HashKeyRange",
                       {{"StartingHashKey", entry.stream.FirstHashKey(shard)},
                        {"EndingHashKey", entry.stream.LastHashKey(shard)}}},
                      {"SequenceNumberRange", {{"StartingSequenceNumber", "1"}}}});
  }
  return shards;
}

ServerResponse FakeKinesis::AnswerDescribeStream(const Json& input) {
  const Entry* const entry = FindIn(input);
  if (entry == nullptr) return NotFound(input.value("StreamName", ""));
  json description = Describe(*entry);
  description["Shards"] = DescribeShards(*entry);
  description["HasMoreShards"] = false;
  return JsonAnswer(json{{"StreamDescription", description}}.dump());
}

ServerResponse FakeKinesis::AnswerDescribeStreamSummary(const Json& input) {
  const Entry* const entry = FindIn(input);
  if (entry == nullptr) return NotFound(input.value("StreamName", ""));
  json summary = Describe(*entry);
  summary["OpenShardCount"] = entry->stream.shards();
  summary["ConsumerCount"] = 0;
  return JsonAnswer(json{{"StreamDescriptionSummary", summary}}.dump());
}

ServerResponse FakeKinesis::AnswerListStreams(const Json& input) {
  Purge();
  json names = json::array();
  for (const auto& [name, entry] : streams_) names.push_back(name);
  return JsonAnswer(json{{"StreamNames", names}, {"HasMoreStreams", false}}.dump());
}

ServerResponse FakeKinesis::AnswerListShards(const Json& input) {
  const Entry* const entry = FindIn(input);
  if (entry == nullptr) return NotFound(input.value("StreamName", ""));
  return JsonAnswer(json{{"Shards", DescribeShards(*entry)}}.dump());
}

ServerResponse FakeKinesis::AnswerGetShardIterator(const Json& input) {
  const Entry* const entry = FindIn(input);
  if (!IsOpen(entry)) return NotFound(input.value("StreamName", ""));
  const std::optional<std::size_t> start = StartOf(input, entry->stream.records());
  if (!start) return Error(400, "ValidationException", "unknown ShardIteratorType");
  const Iterator iterator{entry->stream.name(), input.at("ShardId"), *start};
  return JsonAnswer(json{{"ShardIterator", ToText(iterator)}}.dump());
}

ServerResponse FakeKinesis::AnswerGetRecords(const Json& input) {
  std::optional<Iterator> iterator = ParseIterator(input.at("ShardIterator"));
  if (!iterator) return Error(400, "InvalidArgumentException", "Invalid ShardIterator.");
  const Entry* const entry = Find(iterator->stream);
  if (!IsOpen(entry)) return NotFound(iterator->stream);
  const std::size_t limit = input.value("Limit", kMaxGetRecords);
  json records = json::array();
  const std::vector<ReceivedRecord>& all = entry->stream.records();
  for (; iterator->index < all.size() && records.size() < limit; ++iterator->index) {
    const ReceivedRecord& record = all[iterator->index];
    if (record.shard_id != iterator->shard_id) continue;
    records.push_back({{"SequenceNumber", record.sequence_number},
                       {"ApproximateArrivalTimestamp", Seconds(record.arrived)},
                       {"Data", absl::Base64Escape(record.data)},
                       {"PartitionKey", record.partition_key},
                       {"EncryptionType", "NONE"}});
  }
  return JsonAnswer(json{
      {"Records", records}, {"NextShardIterator", ToText(*iterator)}, {"MillisBehindLatest", 0}}
                        .dump());
}

}  // namespace tidemark::fake_aws
