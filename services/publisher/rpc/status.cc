#include "services/publisher/rpc/status.h"

#include <algorithm>

#include "services/publisher/rpc/proto_time.h"

namespace tidemark::publisher {
namespace {

// Work that waits for longer makes a destination LAGGING (publisher_service.proto).
constexpr absl::Duration kLagging = absl::Seconds(10);

// What all publishers know of a destination.
DestinationReport Together(const PublisherView& own, const DestinationView& destination,
                           const Overview& overview) {
  const OutletStats& stats = destination.stats;
  DestinationReport report{.destination = destination.config.id,
                           .waiting = stats.waiting,
                           .oldest_commit = stats.oldest_commit,
                           .split_off = stats.split_off,
                           .last_error = stats.last_error};
  for (const Overview::Told& told : overview.reports) {
    if (told.member == own.member || told.report.destination != report.destination) continue;
    report.waiting += told.report.waiting;
    report.oldest_commit = std::min(report.oldest_commit, told.report.oldest_commit);
    report.split_off = report.split_off || told.report.split_off;
    if (report.last_error.empty()) report.last_error = told.report.last_error;
  }
  return report;
}

template <typename Map>
std::int64_t NumberOf(const Map& numbers, const DestinationId& id) {
  const auto it = numbers.find(id);
  return it == numbers.end() ? 0 : it->second;
}

v1::DestinationState StateOf(const v1::DestinationStatus& status, const DestinationConfig& config,
                             bool paused, absl::Duration age) {
  if (!config.enabled) return v1::DESTINATION_STATE_OFF;
  if (paused) return v1::DESTINATION_STATE_PAUSED;
  if (status.gapped_through() > 0) return v1::DESTINATION_STATE_GAPPED;
  const bool lagging = status.waiting_changes() > 0 && age > kLagging;
  return lagging ? v1::DESTINATION_STATE_LAGGING : v1::DESTINATION_STATE_ON;
}

void Fill(const PublisherView& own, const DestinationView& destination, const Overview& overview,
          const pools::PoolSnapshot& pools, absl::Time now, v1::DestinationStatus& proto) {
  const DestinationConfig& config = destination.config;
  const DestinationReport report = Together(own, destination, overview);
  proto.set_identity_pool_id(config.pool_id);
  proto.set_stream_name(config.stream_name);
  proto.set_epoch(config.id.epoch);
  proto.set_waiting_changes(report.waiting);
  if (report.waiting > 0 && report.oldest_commit != absl::InfiniteFuture()) {
    *proto.mutable_oldest_waiting_time() = ToProto(report.oldest_commit);
  }
  proto.set_delivered_changes(destination.stats.delivered);
  proto.set_parked_changes(NumberOf(overview.parked, config.id));
  proto.set_last_error(report.last_error);
  proto.set_split_off(report.split_off);
  proto.set_gapped_through(NumberOf(overview.gapped_through, config.id));
  const auto pause = overview.pauses.find(config.id.pool_number);
  const bool paused = pause != overview.pauses.end();
  proto.set_state(StateOf(proto, config, paused, now - report.oldest_commit));
  if (paused && config.enabled) proto.set_pause_reason(pause->second.reason);
  if (config.enabled) return;
  if (const pools::PoolPtr pool = pools.Find(config.pool_id)) {
    proto.set_off_reason(pool->stream().disabled_reason());
  }
}

}  // namespace

void FillStatus(const PublisherView& own, const Overview& overview,
                const pools::PoolSnapshot& pools, absl::Time now, const std::string& pool_id,
                v1::GetStatusResponse& response) {
  response.set_active(own.log_shards_held > 0);
  response.set_log_shards_held(own.log_shards_held);
  response.set_read_position(own.read_position);
  response.set_open_gaps(static_cast<std::int32_t>(own.open_gaps));
  response.set_pushes_waiting(static_cast<std::int64_t>(own.pushes_waiting));
  for (const DestinationView& destination : own.destinations) {
    if (!pool_id.empty() && destination.config.pool_id != pool_id) continue;
    Fill(own, destination, overview, pools, now, *response.add_destinations());
  }
  for (const MemberRow& member : overview.members) {
    v1::MemberStatus& proto = *response.add_members();
    proto.set_member_id(member.id);
    proto.set_log_shards_held(member.log_shards);
    *proto.mutable_start_time() = ToProto(member.start_time);
    *proto.mutable_expire_time() = ToProto(member.expire_time);
    proto.set_answering(member.id == own.member);
  }
  response.set_log_shards_free(overview.free_log_shards);
}

}  // namespace tidemark::publisher
