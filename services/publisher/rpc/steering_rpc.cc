#include "services/publisher/rpc/steering_rpc.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "common/pools/require_pool.h"
#include "services/publisher/domain/checks.h"
#include "services/publisher/rpc/status.h"

namespace tidemark::publisher {

SteeringRpc::SteeringRpc(Steering& steering, const pools::PoolDirectory& pools,
                         ViewOfPublisher view)
    : steering_(steering), pools_(pools), view_(std::move(view)) {}

absl::Status SteeringRpc::GetStatus(const rpc::Call& call, const v1::GetStatusRequest& request,
                                    v1::GetStatusResponse& response) {
  errors::Violations violations;
  const std::string& pool_id = request.identity_pool_id();
  if (!pool_id.empty()) errors::CheckId("identity_pool_id", pool_id, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  const std::shared_ptr<const pools::PoolSnapshot> pools = pools_.Snapshot();
  std::optional<std::int32_t> pool_number;
  if (const pools::PoolPtr pool = pools->Find(pool_id)) pool_number = pool->pool_number();
  TM_ASSIGN_OR_RETURN(const Overview overview, steering_.Look(pool_number, call.deadline));
  FillStatus(view_(), overview, *pools, absl::Now(), pool_id, response);
  return absl::OkStatus();
}

absl::Status SteeringRpc::Pause(const rpc::Call& call, const v1::PauseDestinationRequest& request) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  CheckPauseReason("reason", request.reason(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(const pools::PoolPtr pool,
                      pools::RequirePool(pools_, request.identity_pool_id()));
  return steering_.Pause(pool->pool_number(), request.reason(), call.deadline);
}

absl::Status SteeringRpc::Resume(const rpc::Call& call,
                                 const v1::ResumeDestinationRequest& request) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(const pools::PoolPtr pool,
                      pools::RequirePool(pools_, request.identity_pool_id()));
  return steering_.Resume(pool->pool_number(), call.deadline);
}

}  // namespace tidemark::publisher
