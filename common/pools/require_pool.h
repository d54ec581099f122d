#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/pools/pool_directory.h"

namespace tidemark::pools {

// The pool. NOT_FOUND POOL_NOT_FOUND; UNAVAILABLE NOT_READY before the pools are known.
absl::StatusOr<PoolPtr> RequirePool(const PoolDirectory& pools, const std::string& pool_id);

}  // namespace tidemark::pools
