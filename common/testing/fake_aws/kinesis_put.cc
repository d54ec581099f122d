// PutRecord and PutRecords.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/aws/kinesis.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/kinesis.h"
#include "common/testing/fake_aws/kinesis_entry.h"
#include "common/testing/fake_aws/put_records_request.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
constexpr std::size_t kMaxLargePutBytes = 10 * kMiB;

// Bytes that `base64` stands for, without decoding it.
std::size_t DecodedBytes(std::string_view base64) {
  const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  return base64.size() / 4 * 3 - padding;
}

std::size_t RecordBytes(const PutRecordsRequest::Entry& entry) {
  return DecodedBytes(entry.data) + entry.partition_key.size();
}

bool IsPoison(const PutRecordsRequest::Entry& record, const std::string& poison) {
  std::string data;
  return !poison.empty() && absl::Base64Unescape(ToAbsl(record.data), &data) &&
         data.find(poison) != std::string::npos;
}

std::string_view FailureCode(const Fault& fault) {
  return fault.code.empty() ? std::string_view("ProvisionedThroughputExceededException")
                            : fault.code;
}

void AppendFailure(const Fault& fault, std::string& body) {
  const json failure = {
      {"ErrorCode", FailureCode(fault)},
      {"ErrorMessage", fault.message.empty() ? "made to fail by the fake" : fault.message}};
  body.append(failure.dump());
}

}  // namespace

std::optional<ServerResponse> FakeKinesis::CheckPut(const PutRecordsRequest& request,
                                                    const Entry* entry) const {
  const std::size_t max_record_bytes =
      entry == nullptr ? aws::kDefaultMaxRecordBytes : entry->max_record_bytes;
  const auto invalid = [this](const std::string& what) {
    return Error(400, "ValidationException", what);
  };
  if (request.entries.empty() || request.entries.size() > aws::kMaxRecordsPerPut) {
    return invalid("Value at 'records' failed to satisfy constraint: 1 to 500 records");
  }
  std::size_t bytes = 0;
  for (const PutRecordsRequest::Entry& record : request.entries) {
    if (record.partition_key.empty() || record.partition_key.size() > aws::kMaxPartitionKeyBytes) {
      return invalid("Value at 'partitionKey' failed to satisfy constraint: length 1 to 256");
    }
    if (record.data.size() % 4 != 0) {
      return Error(400, "SerializationException", "Data is not base64");
    }
    if (RecordBytes(record) > max_record_bytes) {
      return invalid(absl::StrCat("Value at 'data' failed to satisfy constraint: at most ",
                                  max_record_bytes, " bytes with its key"));
    }
    bytes += RecordBytes(record);
    if (entry != nullptr && IsPoison(record, entry->poison)) {
      return invalid("Value at 'data' failed to satisfy constraint: the test's");
    }
  }
  // AWS takes 10 MiB by now, of which emulators know nothing: only who wants large records gets it.
  const bool large = max_record_bytes > aws::kDefaultMaxRecordBytes;
  if (bytes <= (large ? kMaxLargePutBytes : aws::kMaxPutBytes)) return std::nullopt;
  return Error(400, "InvalidArgumentException",
               absl::StrCat("Records size exceeds ", large ? 10 : 5, " MB limit"));
}

std::vector<bool> FakeKinesis::ChooseFailures(const PutRecordsRequest& request,
                                              const Fault& fault) {
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<bool> fails(request.entries.size());
  for (std::size_t i = 0; i < fails.size(); ++i) {
    const bool named =
        std::count(fault.keys.begin(), fault.keys.end(), request.entries[i].partition_key) > 0;
    fails[i] = named || chance(random_) < fault.fraction;
  }
  for (const int index : fault.indexes) {
    if (index >= 0 && static_cast<std::size_t>(index) < fails.size()) fails[index] = true;
  }
  return fails;
}

ServerResponse FakeKinesis::AnswerPutRecords(const Call& call, const std::optional<Fault>& fault) {
  const auto request = ParsePutRecords(call.request.body);
  if (!request.ok()) {
    return Error(400, "SerializationException", ToStd(request.status().message()));
  }
  Entry* const entry = Find(PathOf(call.caller, request->stream));
  if (std::optional<ServerResponse> refusal = CheckPut(*request, entry)) return *std::move(refusal);
  if (!IsOpen(entry)) return NotFound(call);

  std::vector<ReceivedRecord> kept(options_.keep != Keep::kCounts ? request->entries.size() : 0);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!absl::Base64Unescape(ToAbsl(request->entries[i].data), &kept[i].data)) {
      return Error(400, "SerializationException", "Data is not base64");
    }
    kept[i].partition_key = std::string(request->entries[i].partition_key);
    kept[i].call = call.number;
    kept[i].arrived = clock_.Now();
  }
  const std::vector<bool> fails =
      fault ? ChooseFailures(*request, *fault) : std::vector<bool>(request->entries.size());
  std::string body = R"({"EncryptionType":"NONE","Records":[)";
  body.reserve(128 * request->entries.size());
  std::size_t failed = 0;
  for (std::size_t i = 0; i < request->entries.size(); ++i) {
    if (i > 0) body.push_back(',');
    if (fails[i]) {
      ++failed;
      AppendFailure(*fault, body);
      continue;
    }
    const PutRecordsRequest::Entry& record = request->entries[i];
    const int shard = entry->stream.ShardOf(record.partition_key);
    ReceivedRecord* const keep = kept.empty() ? nullptr : &kept[i];
    body.append(R"({"SequenceNumber":")");
    body.append(entry->stream.Append(shard, RecordBytes(record), keep));
    body.append(R"(","ShardId":")").append(KinesisStream::ShardId(shard)).append("\"}");
  }
  entry->failed += failed;
  absl::StrAppend(&body, R"(],"FailedRecordCount":)", failed, "}");
  return JsonAnswer(std::move(body));
}

ServerResponse FakeKinesis::AnswerPutRecord(const Call& call, const Json& input) {
  Entry* const entry = FindIn(call, input);
  if (!IsOpen(entry)) return NotFound(call);
  ReceivedRecord record{.partition_key = input.at("PartitionKey"),
                        .data = {},
                        .shard_id = {},
                        .sequence_number = {},
                        .call = call.number,
                        .arrived = clock_.Now()};
  if (!absl::Base64Unescape(input.at("Data").get<std::string>(), &record.data)) {
    return Error(400, "SerializationException", "Data is not base64");
  }
  const int shard = entry->stream.ShardOf(record.partition_key);
  const std::size_t bytes = record.data.size() + record.partition_key.size();
  if (bytes > entry->max_record_bytes) {
    return Error(400, "ValidationException", "Value at 'data' failed to satisfy constraint: size");
  }
  const std::string sequence_number =
      entry->stream.Append(shard, bytes, options_.keep != Keep::kCounts ? &record : nullptr);
  const json output = {{"SequenceNumber", sequence_number},
                       {"ShardId", KinesisStream::ShardId(shard)},
                       {"EncryptionType", "NONE"}};
  return JsonAnswer(output.dump());
}

}  // namespace tidemark::fake_aws
