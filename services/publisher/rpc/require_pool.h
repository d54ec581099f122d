#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/pools/pool_directory.h"

namespace tidemark::publisher {

// The pool. NOT_FOUND POOL_NOT_FOUND; UNAVAILABLE NOT_READY before the pools are known.
absl::StatusOr<pools::PoolPtr> RequirePool(const pools::PoolDirectory& pools,
                                           const std::string& pool_id);

}  // namespace tidemark::publisher
