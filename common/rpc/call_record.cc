#include "common/rpc/call_record.h"

#include <prometheus/gauge.h>

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/obs/log.h"
#include "common/rpc/call_metrics.h"
#include "common/rpc/status.h"

namespace tidemark::rpc {
namespace {

obs::Level LevelOf(absl::StatusCode code, bool slow) {
  switch (code) {
    case absl::StatusCode::kOk:
      return slow ? obs::Level::kInfo : obs::Level::kDebug;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
      return obs::Level::kWarning;
    default:
      return OutcomeOf(code) == Outcome::kRejected ? obs::Level::kInfo : obs::Level::kError;
  }
}

}  // namespace

CallRecord::CallRecord(const MethodMetrics& metrics, const google::protobuf::Message* request,
                       absl::Duration slow, OpenCalls* open_calls)
    : metrics_(metrics), request_(request), slow_(slow), start_(std::chrono::steady_clock::now()) {
  call_.method = metrics.name;
  call_.cancelled = &cancelled_;
  if (open_calls != nullptr) entry_ = open_calls->Add();
  metrics_.in_flight->Increment();
}

grpc::Status CallRecord::Complete(const absl::Status& status,
                                  const google::protobuf::Message* response) {
  const absl::Duration took = absl::FromChrono(std::chrono::steady_clock::now() - start_);
  grpc::Status answer = ToGrpc(status);
  auto code = static_cast<absl::StatusCode>(answer.error_code());
  if (cancelled_ && status.ok()) {  // What the client saw instead of the answer.
    const bool late = absl::Now() >= call_.deadline;
    code = late ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kCancelled;
  }
  metrics_.Count(code, took);
  const obs::Level level = LevelOf(code, took >= slow_);
  if (obs::LogEnabled(level)) LogEnd(level, code, status, took, response);
  return answer;
}

void CallRecord::LogEnd(obs::Level level, absl::StatusCode code, const absl::Status& status,
                        absl::Duration took, const google::protobuf::Message* response) const {
  const std::string code_name = absl::StatusCodeToString(code);
  std::vector<obs::Field> fields = {{"rpc", call_.method},
                                    {"code", code_name},
                                    {"duration_ms", absl::ToDoubleMilliseconds(took)},
                                    {"request_id", call_.request_id},
                                    {"trace_id", call_.trace.trace_id},
                                    {"span_id", call_.trace.span_id},
                                    {"caller", CallerKindName(call_.caller)},
                                    {"principal", call_.principal},
                                    {"request_bytes", request_->ByteSizeLong()}};
  if (response == nullptr) {
    fields.emplace_back("messages", messages_.load(std::memory_order_relaxed));
  } else if (status.ok()) {
    fields.emplace_back("response_bytes", response->ByteSizeLong());
  }
  // The error as it was inside, which for a fault is more than the client gets.
  const std::string reason = errors::ReasonName(errors::ReasonOf(status));
  const std::string sqlstate = errors::SqlStateOf(status);
  const std::string driver_text = errors::DriverTextOf(status);
  if (!status.ok()) {
    fields.emplace_back("reason", reason);
    // What is wrong with a request may be told by quoting its keys, which no log may hold.
    const bool ours = OutcomeOf(code) != Outcome::kRejected;
    if (ours) fields.emplace_back("error", ToStd(status.message()));
  }
  if (!sqlstate.empty()) fields.emplace_back("sqlstate", sqlstate);
  if (!driver_text.empty()) fields.emplace_back("driver_text", driver_text);
  obs::Log(level, "rpc", fields);
}

absl::Status ForgottenCall() {
  return absl::InternalError("the handler let its call go without ending it");
}

absl::Status ServerStops() {
  return errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY,
                       "the server is stopping; connect again");
}

}  // namespace tidemark::rpc
