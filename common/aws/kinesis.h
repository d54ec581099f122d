#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/aws/service_client.h"
#include "common/base/units.h"

namespace tidemark::aws {

// Limits of PutRecords (https://docs.aws.amazon.com/kinesis/latest/APIReference/
// API_PutRecords.html and .../streams/latest/dev/service-sizes-and-limits.html). Bytes are those of
// the data before base64 and of the partition key together.
inline constexpr std::size_t kMaxRecordsPerPut = 500;
inline constexpr std::size_t kMaxPutBytes = 5 * kMiB;        // of all records of a call
inline constexpr std::size_t kDefaultMaxRecordBytes = kMiB;  // unless the stream has another
inline constexpr std::size_t kMaxRecordBytes = 10 * kMiB;    // that a stream can have
inline constexpr std::size_t kMaxPartitionKeyBytes = 256;    // at least 1; AWS counts characters

// A record to put: any bytes, and a key in UTF-8. Views, needed only during the call of PutRecords.
struct PutRecordsEntry {
  std::string_view data;
  std::string_view partition_key;
};

// What became of one record.
struct PutRecordResult {
  std::string sequence_number;  // if it was taken
  std::string shard_id;         // of the stream shard that took it
  std::string error_code;       // if it was not: ProvisionedThroughputExceededException or
  std::string error_message;    // InternalFailure

  bool ok() const { return error_code.empty(); }
  // Of a failed record.
  ErrorClass error_class() const;
};

// Either every record's result, in the order of the request, or one error for the whole call. After
// an error of class kTransient some or all records may have been taken nevertheless.
struct PutRecordsResult {
  std::optional<CallError> error;
  std::vector<PutRecordResult> records;
  std::size_t failed = 0;  // how many of `records` are not ok
};

enum class StreamStatus { kUnknown, kCreating, kActive, kUpdating, kDeleting };

struct StreamSummary {
  std::string name;
  std::string arn;
  StreamStatus status = StreamStatus::kUnknown;
  int open_shard_count = 0;
  std::optional<std::size_t> max_record_bytes;  // nullopt: not told
};

struct StreamSummaryResult {
  std::optional<CallError> error;
  StreamSummary summary;  // if there is no error
};

// Amazon Kinesis Data Streams, 2013-12-02. Never retries. Safe for concurrent use; callbacks and
// lifetimes as ServiceClient's. A stream is given by its name, or by its ARN ("arn:...").
class KinesisClient {
 public:
  // `transport` and `clock` must outlive every call.
  KinesisClient(std::string region, Endpoint endpoint, HttpTransport& transport,
                std::shared_ptr<CredentialsProvider> credentials, const Clock& clock);

  // Puts 1-500 records. A successful call can still hold failed records: send those again.
  void PutRecords(std::string_view stream, std::span<const PutRecordsEntry> entries,
                  const CallOptions& options, std::function<void(PutRecordsResult)> callback) const;

  // Tells a stream that is gone (error class kOff) from one that is being created.
  void DescribeStreamSummary(std::string_view stream, const CallOptions& options,
                             std::function<void(StreamSummaryResult)> callback) const;

 private:
  void Call(std::string_view operation, std::string body, const CallOptions& options,
            ServiceClient::Callback callback) const;

  const ServiceClient client_;
};

// The body of a PutRecords call.
std::string PutRecordsBody(std::string_view stream, std::span<const PutRecordsEntry> entries);

// Reads PutRecords's answer to `expected` records. INVALID_ARGUMENT if it is not such an answer.
absl::StatusOr<PutRecordsResult> ReadPutRecordsAnswer(std::string_view body, std::size_t expected);

}  // namespace tidemark::aws
