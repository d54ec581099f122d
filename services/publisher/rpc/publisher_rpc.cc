#include "services/publisher/rpc/publisher_rpc.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/owner.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "common/seal/seal.h"
#include "services/publisher/rpc/check_stream.h"

namespace tidemark::publisher {
namespace {

constexpr std::string_view kListParked = "list-parked-changes";
constexpr int kDefaultParked = 60;
// Work that waits for longer makes a destination LAGGING (publisher_service.proto).
constexpr absl::Duration kLagging = absl::Seconds(10);

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<int>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return proto;
}

v1::DestinationState StateOf(const DestinationView& destination, absl::Time now) {
  if (!destination.config.enabled) return v1::DESTINATION_STATE_OFF;
  if (destination.gapped_through > 0) return v1::DESTINATION_STATE_GAPPED;
  const bool lagging =
      destination.stats.waiting > 0 && now - destination.stats.oldest_commit > kLagging;
  return lagging ? v1::DESTINATION_STATE_LAGGING : v1::DESTINATION_STATE_ON;
}

void ToProto(const DestinationView& destination, absl::Time now, v1::DestinationStatus& proto) {
  proto.set_identity_pool_id(destination.config.pool_id);
  proto.set_stream_name(destination.config.stream_name);
  proto.set_epoch(destination.config.id.epoch);
  proto.set_state(StateOf(destination, now));
  proto.set_waiting_changes(destination.stats.waiting);
  if (destination.stats.waiting > 0) {
    *proto.mutable_oldest_waiting_time() = ToProto(destination.stats.oldest_commit);
  }
  proto.set_delivered_changes(destination.stats.delivered);
  proto.set_parked_changes(destination.parked);
  proto.set_last_error(destination.stats.last_error);
  proto.set_split_off(destination.stats.split_off);
}

void ToProto(const StoredParkedChange& parked, v1::ParkedChange& proto) {
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

// A pool's id, or nothing for all pools.
void CheckPool(const std::string& pool_id, errors::Violations& violations) {
  if (!pool_id.empty()) errors::CheckId("identity_pool_id", pool_id, violations);
}

}  // namespace

PublisherRpc::PublisherRpc(const Publisher& publisher, ParkedChanges& parked, Executor& thread,
                           StreamCheck& streams, config::Keyring keyring,
                           const rpc::Calls::Options& options, prometheus::Registry& registry)
    : publisher_(publisher),
      parked_(parked),
      thread_(thread),
      streams_(streams),
      keyring_(std::move(keyring)),
      calls_(v1::PublisherService::service_full_name(), options, registry) {}

absl::Status PublisherRpc::Status(const rpc::Call& call, const v1::GetStatusRequest& request,
                                  v1::GetStatusResponse& response) const {
  errors::Violations violations;
  CheckPool(request.identity_pool_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  PublisherView view = publisher_.View();
  response.set_active(view.log_shards_held > 0);
  response.set_log_shards_held(view.log_shards_held);
  response.set_read_position(view.read_position);
  response.set_open_gaps(static_cast<std::int32_t>(view.open_gaps));
  const absl::Time now = absl::Now();
  for (const DestinationView& destination : view.destinations) {
    if (request.identity_pool_id().empty() ||
        destination.config.pool_id == request.identity_pool_id()) {
      ToProto(destination, now, *response.add_destinations());
    }
  }
  return absl::OkStatus();
}

absl::Status PublisherRpc::ListParked(const rpc::Call& call,
                                      const v1::ListParkedChangesRequest& request,
                                      v1::ListParkedChangesResponse& response) {
  errors::Violations violations;
  const std::string& pool_id = request.identity_pool_id();
  CheckPool(pool_id, violations);
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
    ToProto(change, *response.add_parked_changes());
  }
  if (page.more) {
    response.set_next_page_token(SealCursor(keyring_, pool_id, page.changes.back()));
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* PublisherRpc::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest* request,
                                                  v1::GetStatusResponse* response) {
  return calls_.Unary(context, "GetStatus", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        done(Status(call, *request, *response));
                      });
}

grpc::ServerUnaryReactor* PublisherRpc::CheckStream(grpc::CallbackServerContext* context,
                                                    const v1::CheckStreamRequest* request,
                                                    v1::CheckStreamResponse* response) {
  return calls_.Unary(context, "CheckStream", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        publisher::CheckStream(streams_, call, *request, *response, done);
                      });
}

grpc::ServerUnaryReactor* PublisherRpc::ListParkedChanges(
    grpc::CallbackServerContext* context, const v1::ListParkedChangesRequest* request,
    v1::ListParkedChangesResponse* response) {
  return calls_.Blocking(
      thread_, context, "ListParkedChanges", request, response,
      [=, this](const rpc::Call& call) { return ListParked(call, *request, *response); });
}

}  // namespace tidemark::publisher
