#include "services/publisher/engine/kinesis_sender.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {
namespace {

using aws::ErrorClass;

// Permanent errors that speak of what was sent. The others speak of permissions and keys.
bool ConcernsRequest(std::string_view code) {
  constexpr std::array<std::string_view, 3> kCodes = {
      "InvalidArgumentException", "SerializationException", "ValidationException"};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

Fault FaultOf(ErrorClass error_class, std::string_view code) {
  switch (error_class) {
    case ErrorClass::kTransient:
      return Fault::kTransient;
    case ErrorClass::kThrottle:
      return Fault::kThrottled;
    case ErrorClass::kCredentials:
      return Fault::kCredentials;
    case ErrorClass::kPermanent:
      return ConcernsRequest(code) ? Fault::kRefused : Fault::kDenied;
    case ErrorClass::kOff:
      // Without a code nothing was sent, because there were no credentials.
      if (code.empty()) return Fault::kRoleRefused;
      return code == "ResourceNotFoundException" ? Fault::kStreamMissing : Fault::kDenied;
  }
  return Fault::kTransient;
}

std::string TextOf(const aws::CallError& error) {
  std::ostringstream text;
  text << error;
  return text.str();
}

RecordResult ToRecordResult(const aws::PutRecordResult& record) {
  if (record.ok()) return {};
  return {FaultOf(record.error_class(), record.error_code),
          absl::StrCat(record.error_code, ": ", record.error_message)};
}

StreamState StateOf(const aws::StreamSummaryResult& result) {
  if (result.error) {
    return result.error->code == "ResourceNotFoundException" ? StreamState::kMissing
                                                             : StreamState::kUnknown;
  }
  switch (result.summary.status) {
    case aws::StreamStatus::kCreating:
      return StreamState::kNotYet;
    case aws::StreamStatus::kActive:
    case aws::StreamStatus::kUpdating:
      return StreamState::kReady;
    case aws::StreamStatus::kDeleting:  // soon it is gone, or there is another one
    case aws::StreamStatus::kUnknown:
      return StreamState::kUnknown;
  }
  return StreamState::kUnknown;
}

}  // namespace

SendResult ToSendResult(const aws::PutRecordsResult& result) {
  SendResult sent;
  if (result.error) {
    sent.fault = FaultOf(result.error->error_class, result.error->code);
    sent.error = TextOf(*result.error);
    return sent;
  }
  sent.records.reserve(result.records.size());
  for (const aws::PutRecordResult& record : result.records) {
    sent.records.push_back(ToRecordResult(record));
  }
  return sent;
}

KinesisSender::KinesisSender(aws::KinesisClient client, aws::RoleCredentials* roles,
                             absl::Duration timeout)
    : client_(std::move(client)), roles_(roles), timeouts_{.total = timeout} {}

aws::CallOptions KinesisSender::OptionsFor(const DestinationConfig& destination) const {
  aws::CallOptions options{.timeouts = timeouts_, .traceparent = ""};
  if (roles_ != nullptr) {
    options.credentials = roles_->Of(destination.role_arn, destination.external_id);
  }
  return options;
}

void KinesisSender::Send(const DestinationConfig& destination,
                         std::span<const DeliveryWindow::Record> records,
                         std::string_view traceparent, Sent done) {
  std::vector<aws::PutRecordsEntry> entries;
  entries.reserve(records.size());
  for (const auto& record : records) entries.push_back({record.data, record.key});
  aws::CallOptions options = OptionsFor(destination);
  options.traceparent = traceparent;
  client_.PutRecords(destination.stream_name, entries, options,
                     [done = std::move(done)](const aws::PutRecordsResult& result) {
                       done(ToSendResult(result));
                     });
}

void KinesisSender::Forget(const DestinationConfig& destination) {
  if (roles_ != nullptr) roles_->Drop(destination.role_arn, destination.external_id);
}

void KinesisSender::Look(const DestinationConfig& destination, Looked done) {
  client_.DescribeStreamSummary(destination.stream_name, OptionsFor(destination),
                                [done = std::move(done)](const aws::StreamSummaryResult& result) {
                                  Sight sight{.state = StateOf(result),
                                              .record_bytes = std::nullopt};
                                  if (const auto bytes = result.summary.max_record_bytes) {
                                    sight.record_bytes = static_cast<std::int64_t>(*bytes);
                                  }
                                  done(sight);
                                });
}

}  // namespace tidemark::publisher
