#pragma once

#include <string_view>

#include "absl/status/status.h"
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

}  // namespace tidemark::stream_config
