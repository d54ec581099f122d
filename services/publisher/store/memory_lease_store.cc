#include "services/publisher/store/memory_lease_store.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace tidemark::publisher {

absl::StatusOr<std::optional<Leases>> MemoryLeaseStore::Acquire(const std::string& member,
                                                                absl::Duration ttl) {
  const std::lock_guard lock(mutex_);
  ++asked_;
  TM_RETURN_IF_ERROR(failure_);
  const absl::Time now = clock_.Now();
  members_[member] = now + ttl;
  std::vector<std::string> expired;
  for (const auto& [id, expiry] : members_) {
    if (expiry < now) expired.push_back(id);
  }
  for (const std::string& id : expired) Remove(id);
  if (!holder_.empty() && holder_ != member) return std::nullopt;
  holder_ = member;
  for (std::int64_t& token : tokens_) ++token;
  return Leases{tokens_, state_};
}

absl::StatusOr<bool> MemoryLeaseStore::Renew(const std::string& member, absl::Duration ttl) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  const auto it = members_.find(member);
  if (it == members_.end()) return false;
  it->second = clock_.Now() + ttl;
  return true;
}

absl::StatusOr<bool> MemoryLeaseStore::Store(const std::string& member, const FencingTokens& tokens,
                                             const Progress& progress) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  if (holder_ != member || tokens_ != tokens) return false;
  for (const NewlyParked& parked : progress.parked) Park(parked);
  for (const auto& [id, through] : progress.gapped) {
    Position& stored = state_.destinations[id].gapped_through;
    stored = std::max(stored, through);
  }
  if (!progress.cursors) return true;
  const CursorUpdate& cursors = *progress.cursors;
  for (std::size_t i = 0; i < state_.settled.size(); ++i) {
    state_.settled[i] = std::max(state_.settled[i], cursors.settled[i]);
  }
  for (const DestinationId id : cursors.removed) state_.destinations.erase(id);
  for (const CursorRow& row : cursors.rows) {
    Position& position = state_.destinations[row.destination].cursors[row.log_shard];
    position = std::max(position, row.position);
  }
  for (const DestinationId id : cursors.joined) state_.destinations[id].counts = true;
  return true;
}

absl::Status MemoryLeaseStore::Release(const std::string& member) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  Remove(member);
  return absl::OkStatus();
}

std::int64_t MemoryLeaseStore::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

StoredState MemoryLeaseStore::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void MemoryLeaseStore::SetEmptiedThrough(Position position) {
  const std::lock_guard lock(mutex_);
  state_.emptied_through = position;
}

void MemoryLeaseStore::Expire() {
  const std::lock_guard lock(mutex_);
  if (const auto it = members_.find(holder_); it != members_.end())
    it->second = absl::InfinitePast();
}

void MemoryLeaseStore::SetFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

void MemoryLeaseStore::Remove(const std::string& member) {
  members_.erase(member);
  if (holder_ == member) holder_.clear();
}

void MemoryLeaseStore::Park(const NewlyParked& parked) {
  if (parked_.emplace(parked.event.position, parked.destination).second) {
    ++state_.destinations[parked.destination].parked;
  }
}

}  // namespace tidemark::publisher
