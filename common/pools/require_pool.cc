#include "common/pools/require_pool.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"

namespace tidemark::pools {

absl::StatusOr<PoolPtr> RequirePool(const PoolDirectory& pools, const std::string& pool_id) {
  TM_RETURN_IF_ERROR(pools.Ready());
  if (PoolPtr pool = pools.Find(pool_id)) return pool;
  return errors::ResourceError(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, "identity_pool",
      pool_id, absl::StrCat("there is no identity pool '", pool_id, "'; look at its id"),
      {{"identityPoolId", pool_id}});
}

}  // namespace tidemark::pools
