#include "common/pg/lane_errors.h"

#include "common/errors/error.h"

namespace tidemark::pg {
namespace {

// A full queue drains in about this time.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(200);

}  // namespace

absl::Status LaneFull() {
  return errors::WithRetryDelay(
      errors::Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_QUEUE_FULL,
                    "too many calls are waiting; slow down and try again"),
      kRetryDelay);
}

absl::Status LaneStopping() {
  return errors::WithRetryDelay(
      errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY,
                    "the process is stopping; try another replica, or later"),
      kRetryDelay);
}

absl::Status LaneDeadlinePassed() {
  return errors::Error(absl::StatusCode::kDeadlineExceeded,
                       errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                       "the deadline passed before the call's turn came; nothing was done");
}

}  // namespace tidemark::pg
