#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/stream_config/domain/pool.h"

// The errors that name a pool; one wording for every store.
namespace tidemark::stream_config {

// NOT_FOUND, POOL_NOT_FOUND.
absl::Status PoolNotFound(std::string_view pool_id);

// ALREADY_EXISTS, POOL_EXISTS.
absl::Status PoolExists(std::string_view pool_id);

// FAILED_PRECONDITION, POOL_DELETED.
absl::Status PoolDeleted(std::string_view pool_id);

// ABORTED, VERSION_MISMATCH.
absl::Status VersionMismatch(std::string_view pool_id, Version expected, Version current);

// NOT_FOUND, STREAM_NOT_CONFIGURED.
absl::Status StreamNotConfigured(std::string_view pool_id);

// FAILED_PRECONDITION, STREAM_DISABLED.
absl::Status StreamDisabled(std::string_view pool_id);

// ALREADY_EXISTS, BULK_PUBLISH_RUNNING.
absl::Status BulkPublishRunning(std::string_view pool_id);

// ALREADY_EXISTS, BULK_PUBLISH_RECENT.
absl::Status BulkPublishRecent(std::string_view pool_id, absl::Time complete_time);

}  // namespace tidemark::stream_config
