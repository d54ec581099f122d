#include "services/publisher/rpc/parked_rpc.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/errors/violations.h"
#include "common/pools/require_pool.h"
#include "common/seal/seal.h"
#include "services/publisher/domain/checks.h"
#include "services/publisher/rpc/proto_time.h"

namespace tidemark::publisher {
namespace {

constexpr std::string_view kListParked = "list-parked-changes";
constexpr int kDefaultParked = 60;

void Fill(const StoredParkedChange& parked, v1::ParkedChange& proto) {
  const ParkedEvent& event = parked.event;
  proto.set_position(event.position);
  proto.set_epoch(parked.destination.epoch);
  change::v1::Change& change = *proto.mutable_change();
  change.set_identity_pool_id(event.pool_id);
  change.set_identity_id(event.identity_id);
  change.set_dataset_name(event.change.dataset_name);
  change.set_kind(static_cast<change::v1::ChangeKind>(event.change.kind));
  change.set_sync_count(event.change.sync_count);
  change.set_generation(event.change.generation);
  *change.mutable_commit_time() = ToProto(event.commit_time);
  proto.set_reason(event.reason);
  proto.set_event_bytes(event.event_bytes);
  *proto.mutable_park_time() = ToProto(parked.park_time);
  if (parked.replay_time) *proto.mutable_replay_time() = ToProto(*parked.replay_time);
}

std::string SealCursor(const config::Keyring& keyring, const std::string& pool_id,
                       const StoredParkedChange& last) {
  return seal::Seal(keyring, kListParked, {pool_id},
                    {seal::Number(last.event.position), seal::Number(last.destination.pool_number),
                     seal::Number(last.destination.epoch)});
}

std::optional<ParkedCursor> OpenCursor(const config::Keyring& keyring, const std::string& pool_id,
                                       const std::string& token) {
  if (token.empty()) return ParkedCursor{};
  const auto fields = seal::Open(keyring, kListParked, {pool_id}, token);
  if (!fields || fields->size() != 3) return std::nullopt;
  const auto position = seal::ParseNumber((*fields)[0]);
  const auto pool_number = seal::ParseNumber((*fields)[1]);
  const auto epoch = seal::ParseNumber((*fields)[2]);
  if (!position || !pool_number || !epoch) return std::nullopt;
  return ParkedCursor{*position, {static_cast<std::int32_t>(*pool_number), *epoch}};
}

// The positions that a request names, once all of it is found right.
template <typename Request>
absl::StatusOr<std::vector<Position>> Check(const rpc::Call& call, const Request& request,
                                            const pools::PoolDirectory& pools) {
  std::vector<Position> positions(request.positions().begin(), request.positions().end());
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  CheckPositions("positions", positions, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_RETURN_IF_ERROR(pools::RequirePool(pools, request.identity_pool_id()).status());
  return positions;
}

}  // namespace

ParkedRpc::ParkedRpc(ParkedChanges& parked, const pools::PoolDirectory& pools,
                     config::Keyring keyring)
    : parked_(parked), pools_(pools), keyring_(std::move(keyring)) {}

absl::Status ParkedRpc::List(const rpc::Call& call, const v1::ListParkedChangesRequest& request,
                             v1::ListParkedChangesResponse& response) {
  errors::Violations violations;
  const std::string& pool_id = request.identity_pool_id();
  if (!pool_id.empty()) errors::CheckId("identity_pool_id", pool_id, violations);
  const int limit =
      errors::CheckPageSize("page_size", request.page_size(), kDefaultParked, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  const auto after = OpenCursor(keyring_, pool_id, request.page_token());
  if (!after) {
    return errors::Error(
        absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID,
        "the page token was not given for these inputs; start from the first page");
  }
  TM_ASSIGN_OR_RETURN(const ParkedPage page, parked_.List(pool_id, *after, limit, call.deadline));
  for (const StoredParkedChange& change : page.changes) {
    Fill(change, *response.add_parked_changes());
  }
  if (page.more) {
    response.set_next_page_token(SealCursor(keyring_, pool_id, page.changes.back()));
  }
  return absl::OkStatus();
}

absl::Status ParkedRpc::Replay(const rpc::Call& call, const v1::ReplayParkedChangesRequest& request,
                               v1::ReplayParkedChangesResponse& response) {
  TM_ASSIGN_OR_RETURN(const std::vector<Position> positions, Check(call, request, pools_));
  TM_ASSIGN_OR_RETURN(const std::int64_t changes,
                      parked_.Replay(request.identity_pool_id(), positions, call.deadline));
  response.set_changes(changes);
  return absl::OkStatus();
}

absl::Status ParkedRpc::Discard(const rpc::Call& call,
                                const v1::DiscardParkedChangesRequest& request,
                                v1::DiscardParkedChangesResponse& response) {
  TM_ASSIGN_OR_RETURN(const std::vector<Position> positions, Check(call, request, pools_));
  TM_ASSIGN_OR_RETURN(const std::int64_t changes,
                      parked_.Discard(request.identity_pool_id(), positions, call.deadline));
  response.set_changes(changes);
  return absl::OkStatus();
}

}  // namespace tidemark::publisher
