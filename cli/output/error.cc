#include "cli/output/error.h"

#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "cli/output/format.h"
#include "cli/output/message_json.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "google/rpc/error_details.pb.h"

namespace tidemark::cli {
namespace {

constexpr char kUsagePayload[] = "tidemark.cli/usage";

bool IsUsage(const absl::Status& status) { return status.GetPayload(kUsagePayload).has_value(); }

// The first detail of this type; an empty one if there is none.
template <typename Detail>
Detail DetailOf(const absl::Status& status) {
  const google::rpc::Status proto = errors::ToProto(status);
  Detail detail;
  for (const google::protobuf::Any& any : proto.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return {};
}

absl::Duration RetryDelayOf(const absl::Status& status) {
  const auto delay = DetailOf<google::rpc::RetryInfo>(status).retry_delay();
  return absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos());
}

// Whether only the service's log tells what happened.
bool IsFault(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInternal ||
         status.code() == absl::StatusCode::kUnknown;
}

void PrintText(const absl::Status& status, const std::string& request_id, std::ostream& err) {
  const std::vector<errors::FieldViolation> violations = errors::ViolationsOf(status);
  if (violations.empty()) {
    // A configuration may have several faults, a line each.
    for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
      err << "error: " << Printable(ToStd(line)) << '\n';
    }
  } else {
    err << "error: " << violations.size() << (violations.size() == 1 ? " field" : " fields")
        << " of the request can't be taken\n";
    for (const errors::FieldViolation& violation : violations) {
      err << "  " << Printable(violation.field) << ": " << Printable(violation.description) << '\n';
    }
  }
  const std::string reason = DetailOf<google::rpc::ErrorInfo>(status).reason();
  if (!reason.empty()) err << "  reason: " << Printable(reason) << '\n';
  const absl::Duration delay = RetryDelayOf(status);
  if (delay > absl::ZeroDuration()) err << "  try again in: " << HumanDuration(delay) << '\n';
  if (IsFault(status) && !request_id.empty()) err << "  request id: " << request_id << '\n';
}

void PrintDocument(const absl::Status& status, const std::string& request_id, std::ostream& err) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  const absl::Duration delay = RetryDelayOf(status);
  const auto or_null = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  Json error;
  error["code"] = IsUsage(status) ? "USAGE" : absl::StatusCodeToString(status.code());
  error["reason"] = or_null(info.reason());
  error["message"] = std::string(status.message());
  error["metadata"] = ToJson(info)["metadata"];
  error["field_violations"] = ToJson(DetailOf<google::rpc::BadRequest>(status))["field_violations"];
  error["retry_delay_seconds"] =
      delay > absl::ZeroDuration() ? Json(absl::ToDoubleSeconds(delay)) : Json(nullptr);
  error["request_id"] = or_null(request_id);
  PrintJson(Json{{"error", std::move(error)}}, err);
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(ToAbsl(message));
  status.SetPayload(kUsagePayload, absl::Cord("true"));
  return status;
}

absl::Status CantWrite() { return absl::DataLossError("the results can't be written to stdout"); }

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kDone;
  if (IsUsage(status)) return kUsage;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kUnreachable;
    default:
      return kRefused;
  }
}

void PrintError(const absl::Status& status, const std::string& request_id, bool json,
                std::ostream& err) {
  if (json) {
    PrintDocument(status, request_id, err);
  } else {
    PrintText(status, request_id, err);
  }
}

}  // namespace tidemark::cli
