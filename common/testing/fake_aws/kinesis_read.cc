// The operations that read records.
#include <algorithm>
#include <cstdint>
#include <deque>
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

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html; the last record may
// pass the bound.
constexpr std::size_t kMaxGetRecords = 10'000;
constexpr std::size_t kMaxGetBytes = std::size_t{10} * 1024 * 1024;

// A place in a stream's records, as GetShardIterator and GetRecords hand it out.
struct Iterator {
  std::string stream;  // "ACCOUNT/NAME"
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
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[3], &iterator.index)) return std::nullopt;
  iterator.stream = absl::StrCat(parts[0], "/", parts[1]);
  iterator.shard_id = parts[2];
  return iterator;
}

// The index of the first record of `records` at which `reached` holds.
template <typename Reached>
std::size_t IndexWhere(const KinesisStream& stream, const Reached& reached) {
  const std::deque<ReceivedRecord>& records = stream.records();
  std::size_t index = 0;
  while (index < records.size() && !reached(records[index])) ++index;
  return stream.forgotten() + index;
}

std::optional<std::size_t> StartOf(const json& input, const KinesisStream& stream) {
  const std::string type = input.at("ShardIteratorType");
  if (type == "TRIM_HORIZON") return stream.forgotten();
  if (type == "LATEST") return stream.forgotten() + stream.records().size();
  if (type == "AT_TIMESTAMP") {
    const double from = input.at("Timestamp");
    return IndexWhere(stream,
                      [&](const ReceivedRecord& r) { return SecondsOf(r.arrived) >= from; });
  }
  if (type != "AT_SEQUENCE_NUMBER" && type != "AFTER_SEQUENCE_NUMBER") return std::nullopt;
  // All are of one length, and grow.
  const std::string number = input.at("StartingSequenceNumber");
  const bool at = type == "AT_SEQUENCE_NUMBER";
  return IndexWhere(stream, [&](const ReceivedRecord& r) {
    return at ? r.sequence_number >= number : r.sequence_number > number;
  });
}

std::optional<int> IndexOf(const KinesisStream& stream, std::string_view shard_id) {
  for (std::size_t i = 0; i < stream.shards().size(); ++i) {
    if (KinesisStream::ShardId(static_cast<int>(i)) == shard_id) return static_cast<int>(i);
  }
  return std::nullopt;
}

json DescribeChildren(const KinesisStream& stream, int shard) {
  json children = json::array();
  for (const int child : stream.ChildrenOf(shard)) {
    const StreamShard& description = stream.shards()[child];
    json parents = json::array({KinesisStream::ShardId(*description.parent)});
    if (description.adjacent_parent) {
      parents.push_back(KinesisStream::ShardId(*description.adjacent_parent));
    }
    children.push_back({{"ShardId", KinesisStream::ShardId(child)},
                        {"ParentShards", parents},
                        {"HashKeyRange",
                         {{"StartingHashKey", Decimal(description.first_hash_key)},
                          {"EndingHashKey", Decimal(description.last_hash_key)}}}});
  }
  return children;
}

}  // namespace

ServerResponse FakeKinesis::AnswerGetShardIterator(const Call& call, const Json& input) {
  const Entry* const entry = FindIn(call, input);
  if (!IsOpen(entry)) return NotFound(call);
  const std::optional<std::size_t> start = StartOf(input, entry->stream);
  if (!start) return Error(400, "ValidationException", "unknown ShardIteratorType");
  const std::string shard_id = input.at("ShardId");
  if (!IndexOf(entry->stream, shard_id)) {
    return Error(400, "ResourceNotFoundException",
                 absl::StrCat("Shard ", shard_id, " in stream ", call.resource, " does not exist"));
  }
  const Iterator iterator{PathOf(call.caller, entry->stream.name()), shard_id, *start};
  return JsonAnswer(json{{"ShardIterator", ToText(iterator)}}.dump());
}

ServerResponse FakeKinesis::AnswerGetRecords(const Call& call, const Json& input) {
  std::optional<Iterator> iterator = ParseIterator(input.at("ShardIterator"));
  if (!iterator) return Error(400, "InvalidArgumentException", "Invalid ShardIterator.");
  const bool own = iterator->stream.starts_with(call.caller.account + "/");
  Entry* const entry = own ? Find(iterator->stream) : nullptr;
  if (!IsOpen(entry) || !IndexOf(entry->stream, iterator->shard_id)) return NotFound(call);
  const int shard = IndexOf(entry->stream, iterator->shard_id).value();
  if (options_.keep == Keep::kUnread) entry->stream.ForgetRead(shard, iterator->index);
  const std::size_t limit = input.value("Limit", kMaxGetRecords);
  json records = json::array();
  std::size_t bytes = 0;
  const std::deque<ReceivedRecord>& all = entry->stream.records();
  const std::size_t forgotten = entry->stream.forgotten();
  const std::size_t end = forgotten + all.size();
  iterator->index = std::max(iterator->index, forgotten);
  for (; iterator->index < end && records.size() < limit && bytes < kMaxGetBytes;
       ++iterator->index) {
    const ReceivedRecord& record = all[iterator->index - forgotten];
    if (record.shard_id != iterator->shard_id) continue;
    bytes += record.data.size();
    records.push_back({{"SequenceNumber", record.sequence_number},
                       {"ApproximateArrivalTimestamp", SecondsOf(record.arrived)},
                       {"Data", absl::Base64Escape(record.data)},
                       {"PartitionKey", record.partition_key},
                       {"EncryptionType", "NONE"}});
  }
  json answer = {{"Records", records}, {"MillisBehindLatest", 0}};
  // At the end of a closed shard come those that took over.
  if (iterator->index < end || !entry->stream.shards()[shard].closed_at) {
    answer["NextShardIterator"] = ToText(*iterator);
  } else {
    answer["ChildShards"] = DescribeChildren(entry->stream, shard);
    if (options_.keep == Keep::kUnread) entry->stream.ForgetRead(shard, SIZE_MAX);
  }
  return JsonAnswer(answer.dump());
}

}  // namespace tidemark::fake_aws
