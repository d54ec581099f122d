#include "services/publisher/store/memory_lease_store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace tidemark::publisher {

absl::StatusOr<Standing> MemoryLeaseStore::Join(const std::string& member, absl::Duration ttl) {
  const std::lock_guard lock(mutex_);
  ++asked_;
  TM_RETURN_IF_ERROR(failure_);
  members_[member] = clock_.Now() + ttl;
  RemoveExpired(member);
  Tell(member);
  return StandingOf(member);
}

absl::StatusOr<std::optional<Standing>> MemoryLeaseStore::Renew(const std::string& member,
                                                                absl::Duration ttl) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  const auto it = members_.find(member);
  if (it == members_.end()) return std::nullopt;
  it->second = clock_.Now() + ttl;
  RemoveExpired(member);
  Tell(member);
  return StandingOf(member);
}

absl::StatusOr<Leases> MemoryLeaseStore::Take(const std::string& member, int shards) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  Leases taken;
  if (!members_.contains(member)) return taken;
  int held = StandingOf(member).held;
  taken.state = state_;
  taken.state.settled.fill(0);
  taken.state.pushed.fill(0);
  for (std::size_t i = 0; i < leases_.size(); ++i) {
    Lease& lease = leases_[i];
    if (lease.holder.empty() && held < shards) {
      lease.holder = member;
      ++held;
    }
    if (lease.holder != member) continue;
    taken.held.set(i);
    taken.tokens[i] = ++lease.token;
    taken.state.settled[i] = state_.settled[i];
    taken.state.pushed[i] = state_.pushed[i];
  }
  Tell(member);
  return taken;
}

absl::StatusOr<bool> MemoryLeaseStore::Store(const std::string& member, const FencingTokens& tokens,
                                             const Progress& progress) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  for (std::size_t i = 0; i < leases_.size(); ++i) {
    if (tokens[i] == 0) continue;
    if (leases_[i].holder != member || leases_[i].token != tokens[i]) return false;
  }
  for (const NewlyParked& parked : progress.parked) Park(parked);
  StoreBulk(progress);
  for (const auto& [id, through] : progress.gapped) {
    StoredDestination& stored = state_.destinations[id];
    if (through <= stored.gapped_through) continue;
    stored.gapped_through = through;
    stored.gapped_time = absl::Now();
    steering_.SetGapped(id, through);
  }
  for (const ReplayOutcome& replay : progress.replays) steering_.Finish(replay);
  if (progress.cursors) StoreCursors(*progress.cursors);
  for (std::size_t i = 0; progress.pushed && i < state_.pushed.size(); ++i) {
    state_.pushed[i] = std::max(state_.pushed[i], (*progress.pushed)[i]);
  }
  return true;
}

void MemoryLeaseStore::StoreBulk(const Progress& progress) {
  for (const Healed& healed : progress.healed) {
    StoredDestination& stored = state_.destinations[healed.destination];
    if (stored.gapped_time >= healed.since) continue;
    stored.gapped_through = 0;
    stored.gapped_time = absl::InfinitePast();
  }
  for (const BulkRow& row : progress.bulk) {
    bulk_[{row.pool_number, row.job, row.log_shard}] = row.shard;
  }
}

absl::StatusOr<std::map<LogShard, BulkShard>> MemoryLeaseStore::Load(std::int32_t pool_number,
                                                                     std::int64_t job) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  std::map<LogShard, BulkShard> shards;
  for (const auto& [key, shard] : bulk_) {
    const auto& [pool, number, log_shard] = key;
    if (pool == pool_number && number == job) shards[log_shard] = shard;
  }
  return shards;
}

absl::Status MemoryLeaseStore::Forget(std::span<const Ended> ended) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  for (const Ended& one : ended) {
    std::erase_if(bulk_, [&one](const auto& entry) {
      return std::get<0>(entry.first) == one.pool_number && std::get<1>(entry.first) <= one.job;
    });
  }
  return absl::OkStatus();
}

void MemoryLeaseStore::ForgetBulk(std::int32_t pool_number) {
  const auto next = state_.destinations.lower_bound({pool_number, 0});
  if (next != state_.destinations.end() && next->first.pool_number == pool_number) return;
  std::erase_if(bulk_, [=](const auto& entry) { return std::get<0>(entry.first) == pool_number; });
}

void MemoryLeaseStore::StoreCursors(const CursorUpdate& cursors) {
  for (std::size_t i = 0; i < state_.settled.size(); ++i) {
    state_.settled[i] = std::max(state_.settled[i], cursors.settled[i]);
  }
  for (const DestinationId id : cursors.removed) {
    state_.destinations.erase(id);
    starts_.erase(id);
  }
  for (const auto& [id, start] : cursors.added) {
    state_.destinations[id].retired = false;
    starts_[id] = start;
  }
  for (const DestinationId id : cursors.removed) ForgetBulk(id.pool_number);
  for (const CursorRow& row : cursors.rows) {
    Position& position = state_.destinations[row.destination].cursors[row.log_shard];
    position = std::max(position, row.position);
  }
  for (const auto& [id, shards] : cursors.joined) state_.destinations[id].counted |= shards;
  for (const auto& [id, shards] : cursors.left) state_.destinations[id].counted &= ~shards;
  for (const DestinationId id : cursors.retired) state_.destinations[id].retired = true;
}

absl::Status MemoryLeaseStore::GiveBack(const std::string& member, int keep) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  for (Lease& lease : leases_) {
    if (lease.holder == member && --keep < 0) lease.holder.clear();
  }
  Tell(member);
  return absl::OkStatus();
}

absl::Status MemoryLeaseStore::Leave(const std::string& member) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  Remove(member);
  return absl::OkStatus();
}

absl::StatusOr<Position> MemoryLeaseStore::LowMark() {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  Position low = std::min(*std::min_element(state_.settled.begin(), state_.settled.end()),
                          *std::min_element(state_.pushed.begin(), state_.pushed.end()));
  for (const auto& [id, destination] : state_.destinations) {
    if (destination.retired) continue;
    for (std::size_t i = 0; i < leases_.size(); ++i) low = std::min(low, Floor(id, i));
  }
  return low;
}

Position MemoryLeaseStore::FloorOf(DestinationId id, LogShard shard) const {
  const std::lock_guard lock(mutex_);
  return Floor(id, shard.value());
}

Position MemoryLeaseStore::Floor(DestinationId id, std::size_t shard) const {
  const auto start = starts_.find(id);
  Position floor = start == starts_.end() ? 0 : start->second;
  const auto destination = state_.destinations.find(id);
  if (destination == state_.destinations.end()) return floor;
  if (destination->second.counted[shard]) floor = std::max(floor, state_.settled[shard]);
  const auto row = destination->second.cursors.find(LogShard(static_cast<std::uint8_t>(shard)));
  return row == destination->second.cursors.end() ? floor : std::max(floor, row->second);
}

std::int64_t MemoryLeaseStore::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

StoredState MemoryLeaseStore::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::map<std::string, int> MemoryLeaseStore::Holdings() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, int> holdings;
  for (const auto& [member, expiry] : members_) holdings[member] = StandingOf(member).held;
  return holdings;
}

void MemoryLeaseStore::SetEmptiedThrough(Position position) {
  const std::lock_guard lock(mutex_);
  state_.emptied_through = position;
}

void MemoryLeaseStore::Expire() {
  const std::lock_guard lock(mutex_);
  for (auto& [member, expiry] : members_) expiry = absl::InfinitePast();
}

void MemoryLeaseStore::SetFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

Standing MemoryLeaseStore::StandingOf(const std::string& member) const {
  Standing standing{.members = static_cast<int>(members_.size())};
  for (const auto& [other, expiry] : members_) standing.rank += other < member ? 1 : 0;
  for (const Lease& lease : leases_) {
    standing.held += lease.holder == member ? 1 : 0;
    standing.free += lease.holder.empty() ? 1 : 0;
  }
  return standing;
}

void MemoryLeaseStore::RemoveExpired(const std::string& except) {
  const absl::Time now = clock_.Now();
  std::vector<std::string> expired;
  for (const auto& [member, expiry] : members_) {
    if (expiry < now && member != except) expired.push_back(member);
  }
  for (const std::string& member : expired) Remove(member);
}

void MemoryLeaseStore::Remove(const std::string& member) {
  members_.erase(member);
  steering_.RemoveMember(member);
  for (Lease& lease : leases_) {
    if (lease.holder == member) lease.holder.clear();
  }
}

void MemoryLeaseStore::Tell(const std::string& member) {
  const auto it = members_.find(member);
  if (it == members_.end()) return;
  ShardSet held;
  for (std::size_t i = 0; i < leases_.size(); ++i) held[i] = leases_[i].holder == member;
  steering_.SetMember(member, held, it->second);
}

void MemoryLeaseStore::Park(const NewlyParked& parked) {
  steering_.Park(parked.destination, parked.event);
  if (parked_.emplace(parked.event.position, parked.destination).second) {
    ++state_.destinations[parked.destination].parked;
  }
}

}  // namespace tidemark::publisher
