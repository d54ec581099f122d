#include "services/stream_config/domain/pool_errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::stream_config {
namespace {

constexpr std::string_view kResourceType = "identity_pool";

absl::Status PoolError(absl::StatusCode code, errors::Reason reason, std::string_view pool_id,
                       std::string_view message) {
  return errors::ResourceError(code, reason, kResourceType, pool_id, message,
                               {{"identityPoolId", std::string(pool_id)}});
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

}  // namespace

absl::Status PoolNotFound(std::string_view pool_id) {
  return PoolError(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, pool_id,
                   absl::StrCat("no identity pool ", ToAbsl(pool_id)));
}

absl::Status PoolExists(std::string_view pool_id) {
  return PoolError(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_POOL_EXISTS, pool_id,
                   absl::StrCat("identity pool ", ToAbsl(pool_id),
                                " exists with other settings; update it, or choose another id"));
}

absl::Status PoolDeleted(std::string_view pool_id) {
  return PoolError(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_POOL_DELETED,
                   pool_id,
                   absl::StrCat("identity pool ", ToAbsl(pool_id),
                                " was deleted and its id is not used again; choose another id"));
}

absl::Status VersionMismatch(std::string_view pool_id, Version expected, Version current) {
  const std::string expected_text = absl::StrCat(expected.value());
  const std::string current_text = absl::StrCat(current.value());
  return errors::Error(
      absl::StatusCode::kAborted, errors::v1::ERROR_REASON_VERSION_MISMATCH,
      absl::StrCat("identity pool ", ToAbsl(pool_id), " is at version ", current_text, ", not ",
                   expected_text, "; read it, decide, and send the change again"),
      {{"expected", expected_text}, {"current", current_text}});
}

absl::Status StreamNotConfigured(std::string_view pool_id) {
  return PoolError(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED, pool_id,
      absl::StrCat("identity pool ", ToAbsl(pool_id), " has no stream; configure one first"));
}

absl::Status StreamDisabled(std::string_view pool_id) {
  return PoolError(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STREAM_DISABLED,
                   pool_id,
                   absl::StrCat("the stream of identity pool ", ToAbsl(pool_id),
                                " is DISABLED; enable it, then publish"));
}

absl::Status BulkPublishRunning(std::string_view pool_id) {
  return PoolError(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING,
                   pool_id,
                   absl::StrCat("a bulk publish of identity pool ", ToAbsl(pool_id),
                                " is in progress; wait for its end"));
}

absl::Status BulkPublishRecent(std::string_view pool_id, absl::Time complete_time) {
  const std::string time = Rfc3339(complete_time);
  return errors::Error(absl::StatusCode::kAlreadyExists,
                       errors::v1::ERROR_REASON_BULK_PUBLISH_RECENT,
                       absl::StrCat("identity pool ", ToAbsl(pool_id), " was published in bulk at ",
                                    time, "; it can be again 24 hours after that"),
                       {{"identityPoolId", std::string(pool_id)}, {"completeTime", time}});
}

}  // namespace tidemark::stream_config
