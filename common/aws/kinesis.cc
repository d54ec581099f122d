#include "common/aws/kinesis.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"

namespace tidemark::aws {
namespace {

// The member that names a stream, by name or by ARN.
std::string_view StreamMember(std::string_view stream) {
  return stream.starts_with("arn:") ? "StreamARN" : "StreamName";
}

StreamStatus ParseStreamStatus(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, StreamStatus>, 4> kStatuses = {{
      {"CREATING", StreamStatus::kCreating},
      {"ACTIVE", StreamStatus::kActive},
      {"UPDATING", StreamStatus::kUpdating},
      {"DELETING", StreamStatus::kDeleting},
  }};
  for (const auto& [name, status] : kStatuses) {
    if (name == text) return status;
  }
  return StreamStatus::kUnknown;
}

std::optional<StreamSummary> ParseStreamSummary(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto found = json.find("StreamDescriptionSummary");
  if (found == json.end() || !found->is_object()) return std::nullopt;
  const auto text = [&found](const char* name) {
    const auto member = found->find(name);
    return member != found->end() && member->is_string() ? member->get<std::string>() : "";
  };
  const auto number = [&found](const char* name) -> std::optional<std::int64_t> {
    const auto member = found->find(name);
    if (member == found->end() || !member->is_number_integer()) return std::nullopt;
    return member->get<std::int64_t>();
  };
  StreamSummary summary{
      .name = text("StreamName"),
      .arn = text("StreamARN"),
      .status = ParseStreamStatus(text("StreamStatus")),
      .open_shard_count = static_cast<int>(number("OpenShardCount").value_or(0)),
  };
  if (const auto kib = number("MaxRecordSizeInKiB"); kib && *kib > 0) {
    summary.max_record_bytes =
        std::min(static_cast<std::size_t>(*kib), kMaxRecordBytes / kKiB) * kKiB;
  }
  return summary;
}

}  // namespace

ErrorClass PutRecordResult::error_class() const {
  return ClassifyError(Api::kKinesis, 200, error_code);
}

KinesisClient::KinesisClient(std::string region, Endpoint endpoint, HttpTransport& transport,
                             std::shared_ptr<CredentialsProvider> credentials, const Clock& clock)
    : client_({.api = Api::kKinesis,
               .service = "kinesis",
               .region = std::move(region),
               .endpoint = std::move(endpoint),
               .read_error = &ReadJsonError},
              transport, std::move(credentials), clock) {}

void KinesisClient::Call(std::string_view operation, std::string body, const CallOptions& options,
                         ServiceClient::Callback callback) const {
  HttpRequest request{
      .method = "POST",
      .endpoint = client_.endpoint(),
      .target = "/",
      .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", absl::StrCat("Kinesis_20131202.", ToAbsl(operation))}},
      .body = std::move(body)};
  client_.Call(std::move(request), options, std::move(callback));
}

void KinesisClient::PutRecords(std::string_view stream, std::span<const PutRecordsEntry> entries,
                               const CallOptions& options,
                               std::function<void(PutRecordsResult)> callback) const {
  Call("PutRecords", PutRecordsBody(stream, entries), options,
       [expected = entries.size(), callback = std::move(callback)](CallResult result) {
         if (auto* error = std::get_if<CallError>(&result)) {
           return callback({.error = std::move(*error), .records = {}, .failed = 0});
         }
         const auto& response = std::get<HttpResponse>(result);
         absl::StatusOr<PutRecordsResult> answer = ReadPutRecordsAnswer(response.body, expected);
         if (!answer.ok()) {
           return callback({.error = UnreadableAnswer(response), .records = {}, .failed = 0});
         }
         callback(*std::move(answer));
       });
}

void KinesisClient::DescribeStreamSummary(std::string_view stream, const CallOptions& options,
                                          std::function<void(StreamSummaryResult)> callback) const {
  const nlohmann::json body = {{std::string(StreamMember(stream)), std::string(stream)}};
  Call("DescribeStreamSummary",
       body.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace),
       options, [callback = std::move(callback)](CallResult result) {
         if (auto* error = std::get_if<CallError>(&result)) {
           return callback({.error = std::move(*error), .summary = {}});
         }
         const auto& response = std::get<HttpResponse>(result);
         std::optional<StreamSummary> summary = ParseStreamSummary(response.body);
         if (!summary) return callback({.error = UnreadableAnswer(response), .summary = {}});
         callback({.error = std::nullopt, .summary = *std::move(summary)});
       });
}

}  // namespace tidemark::aws
