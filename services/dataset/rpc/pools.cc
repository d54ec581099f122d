#include "services/dataset/rpc/pools.h"

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"

namespace tidemark::dataset {
namespace {

absl::Status NotAuthorized(const rpc::Call& call, std::string_view message) {
  return errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                       message, {{"action", std::string(call.method)}});
}

}  // namespace

absl::StatusOr<PoolFacts> RequirePool(const Pools& pools, const std::string& pool_id) {
  TM_RETURN_IF_ERROR(pools.Ready());
  if (const auto pool = pools.Find(pool_id)) return *pool;
  return errors::ResourceError(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, "identity_pool",
      pool_id, absl::StrCat("there is no identity pool '", pool_id, "'; create it first"),
      {{"identityPoolId", pool_id}});
}

absl::StatusOr<bool> IsKnownPool(const Pools& pools, const rpc::Call& call,
                                 const std::string& pool_id) {
  TM_RETURN_IF_ERROR(pools.Ready());
  if (pools.Find(pool_id)) return true;
  if (call.caller == rpc::CallerKind::kDeveloper) return false;
  return NotAuthorized(call, "the identity's pool does not exist, or no longer");
}

}  // namespace tidemark::dataset
