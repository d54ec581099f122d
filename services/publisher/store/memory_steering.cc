#include "services/publisher/store/memory_steering.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace tidemark::publisher {
namespace {

bool Concerns(std::optional<std::int32_t> pool_number, const DestinationId& destination) {
  return !pool_number || *pool_number == destination.pool_number;
}

}  // namespace

absl::StatusOr<ParkedPage> MemorySteering::List(const std::string& pool_id,
                                                const ParkedCursor& after, int limit,
                                                absl::Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  ParkedPage page;
  for (auto it = parked_.upper_bound(after); it != parked_.end(); ++it) {
    if (!pool_id.empty() && it->second.event.pool_id != pool_id) continue;
    page.more = static_cast<int>(page.changes.size()) == limit;
    if (page.more) break;
    page.changes.push_back(it->second);
  }
  return page;
}

absl::StatusOr<std::int64_t> MemorySteering::Replay(const std::string& pool_id,
                                                    const std::vector<Position>& positions,
                                                    absl::Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  std::int64_t changes = 0;
  for (auto& [place, change] : parked_) {
    if (!Meant(change, pool_id, positions)) continue;
    ++changes;
    if (!change.replay_time) change.replay_time = clock_.Now();
  }
  return changes;
}

absl::StatusOr<std::int64_t> MemorySteering::Discard(const std::string& pool_id,
                                                     const std::vector<Position>& positions,
                                                     absl::Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  return static_cast<std::int64_t>(std::erase_if(
      parked_, [&](const auto& entry) { return Meant(entry.second, pool_id, positions); }));
}

bool MemorySteering::Meant(const StoredParkedChange& change, const std::string& pool_id,
                           const std::vector<Position>& positions) {
  return change.event.pool_id == pool_id &&
         (positions.empty() ||
          std::ranges::find(positions, change.event.position) != positions.end());
}

absl::StatusOr<Overview> MemorySteering::Look(std::optional<std::int32_t> pool_number,
                                              absl::Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  Overview overview;
  overview.free_log_shards = kLogShards;
  for (const auto& [id, member] : members_) {
    const int held = static_cast<int>(member.shards.count());
    overview.free_log_shards -= held;
    overview.members.push_back({id, held, member.start_time, member.expire_time});
    for (const DestinationReport& report : member.reports) {
      if (Concerns(pool_number, report.destination)) overview.reports.push_back({id, report});
    }
  }
  std::ranges::stable_sort(overview.reports, {},
                           [](const Overview::Told& told) { return told.report.destination; });
  for (const auto& [number, pause] : pauses_) {
    if (!pool_number || *pool_number == number) overview.pauses[number] = pause;
  }
  for (const auto& [place, change] : parked_) {
    if (Concerns(pool_number, place.destination)) ++overview.parked[place.destination];
  }
  for (const auto& [destination, through] : gapped_through_) {
    if (Concerns(pool_number, destination)) overview.gapped_through[destination] = through;
  }
  return overview;
}

absl::Status MemorySteering::Pause(std::int32_t pool_number, const std::string& reason,
                                   absl::Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  const auto [it, made] = pauses_.try_emplace(pool_number);
  it->second.reason = reason;
  if (made) it->second.pause_time = clock_.Now();
  return absl::OkStatus();
}

absl::Status MemorySteering::Resume(std::int32_t pool_number, absl::Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  pauses_.erase(pool_number);
  return absl::OkStatus();
}

absl::StatusOr<Ordered> MemorySteering::Read(const ShardSet& shards, const ParkedCursor& after,
                                             int limit) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  Ordered ordered{.pauses = pauses_, .replays = {}};
  for (auto it = parked_.upper_bound(after); it != parked_.end(); ++it) {
    if (static_cast<int>(ordered.replays.size()) == limit) break;
    const StoredParkedChange& change = it->second;
    if (change.replay_time && shards[change.event.log_shard.value()]) {
      ordered.replays.push_back(change);
    }
  }
  return ordered;
}

absl::StatusOr<std::int64_t> MemorySteering::CountParked(const ShardSet& shards) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  return std::ranges::count_if(
      parked_, [&](const auto& entry) { return shards[entry.second.event.log_shard.value()]; });
}

absl::StatusOr<std::set<std::int32_t>> MemorySteering::Pools(const ShardSet& shards) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  std::set<std::int32_t> pools;
  for (const auto& [number, pause] : pauses_) pools.insert(number);
  for (const auto& [place, change] : parked_) {
    if (shards[change.event.log_shard.value()]) pools.insert(place.destination.pool_number);
  }
  return pools;
}

absl::Status MemorySteering::Forget(const std::set<std::int32_t>& pools, const ShardSet& shards) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  for (const std::int32_t number : pools) pauses_.erase(number);
  std::erase_if(parked_, [&](const auto& entry) {
    return shards[entry.second.event.log_shard.value()] &&
           pools.contains(entry.first.destination.pool_number);
  });
  return absl::OkStatus();
}

absl::Status MemorySteering::Report(const std::string& member,
                                    const std::vector<DestinationReport>& reports) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  const auto it = members_.find(member);
  if (it == members_.end()) return absl::OkStatus();
  const auto kept = static_cast<std::ptrdiff_t>(std::min(reports.size(), kMaxReports));
  it->second.reports.assign(reports.begin(), reports.begin() + kept);
  return loses_report_answers_ ? absl::UnavailableError("lost") : absl::OkStatus();
}

void MemorySteering::Park(DestinationId destination, const ParkedEvent& event) {
  const std::lock_guard lock(mutex_);
  parked_.try_emplace({event.position, destination},
                      StoredParkedChange{destination, event, clock_.Now(), std::nullopt});
}

void MemorySteering::Finish(const ReplayOutcome& replay) {
  const std::lock_guard lock(mutex_);
  const auto it = parked_.find(replay.change);
  if (it == parked_.end()) return;
  if (!replay.refusal) {
    parked_.erase(it);
    return;
  }
  it->second.event.reason = *replay.refusal;
  it->second.event.event_bytes = replay.event_bytes;
  it->second.replay_time.reset();
}

void MemorySteering::SetMember(const std::string& id, const ShardSet& shards,
                               absl::Time expire_time) {
  const std::lock_guard lock(mutex_);
  const auto [it, made] = members_.try_emplace(id);
  if (made) it->second.start_time = clock_.Now();
  it->second.shards = shards;
  it->second.expire_time = expire_time;
}

void MemorySteering::RemoveMember(const std::string& id) {
  const std::lock_guard lock(mutex_);
  members_.erase(id);
}

void MemorySteering::SetGapped(DestinationId destination, Position through) {
  const std::lock_guard lock(mutex_);
  gapped_through_[destination] = through;
}

void MemorySteering::SetFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

void MemorySteering::LoseReportAnswers() {
  const std::lock_guard lock(mutex_);
  loses_report_answers_ = true;
}

}  // namespace tidemark::publisher
