#include "common/errors/sqlstate.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::errors {
namespace {

// Not under type.googleapis.com/, so that ToProto leaves them out.
constexpr std::string_view kSqlStateUrl = "tidemark.private/sqlstate";
constexpr std::string_view kDriverTextUrl = "tidemark.private/driver_text";

constexpr absl::Duration kRetryDelay = absl::Seconds(1);

struct Meaning {
  std::string_view prefix;  // of a SQLSTATE; the first that fits holds
  absl::StatusCode code;
  Reason reason;
  std::string_view message;
};

constexpr std::string_view kUnavailable =
    "the database can't be reached or refuses work; try again";
constexpr std::string_view kConcurrent = "another call changed the same thing; try again";
constexpr std::string_view kTimedOut =
    "the database did not answer in time; repeat the call, and a write with the same request id to "
    "learn whether it happened";
// Clients get this in the words of common/rpc/status.cc, which name the log and the request id.
constexpr std::string_view kInternal = "internal error";

// Names of the states: https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr Meaning kMeanings[] = {
    {"40001", absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE, kConcurrent},
    {"40P01", absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE, kConcurrent},
    {"55P03", absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE, kConcurrent},
    {"57014", absl::StatusCode::kDeadlineExceeded, v1::ERROR_REASON_DEADLINE_EXCEEDED, kTimedOut},
    // Connections, shutdown and crash, too many connections and full disks, input and output.
    {"08", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE, kUnavailable},
    {"57P", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE, kUnavailable},
    {"53", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE, kUnavailable},
    {"58", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE, kUnavailable},
    // A write on a standby: the primary has moved. An idle transaction that was ended.
    {"25006", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE, kUnavailable},
    {"25P03", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE, kUnavailable},
    {"", absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL, kInternal},
};

std::string Payload(const absl::Status& status, std::string_view url) {
  const absl::optional<absl::Cord> payload = status.GetPayload(ToAbsl(url));
  return payload ? std::string(*payload) : "";
}

}  // namespace

absl::Status DatabaseError(std::string_view sqlstate, std::string_view driver_text) {
  const Meaning* meaning = kMeanings;
  while (!sqlstate.starts_with(meaning->prefix)) ++meaning;  // The last one fits everything.
  absl::Status status = Error(meaning->code, meaning->reason, meaning->message);
  if (meaning->code == absl::StatusCode::kUnavailable) status = WithRetryDelay(status, kRetryDelay);
  if (!sqlstate.empty()) status.SetPayload(ToAbsl(kSqlStateUrl), absl::Cord(ToAbsl(sqlstate)));
  return WithDriverText(std::move(status), driver_text);
}

absl::Status InternalError(std::string_view detail) { return DatabaseError("", detail); }

std::string SqlStateOf(const absl::Status& status) { return Payload(status, kSqlStateUrl); }

std::string DriverTextOf(const absl::Status& status) { return Payload(status, kDriverTextUrl); }

absl::Status WithDriverText(absl::Status status, std::string_view driver_text) {
  status.SetPayload(ToAbsl(kDriverTextUrl), absl::Cord(ToAbsl(driver_text)));
  return status;
}

}  // namespace tidemark::errors
