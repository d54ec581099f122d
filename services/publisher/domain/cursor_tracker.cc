#include "services/publisher/domain/cursor_tracker.h"

#include <algorithm>
#include <utility>

namespace tidemark::publisher {
namespace {

// Takes that a destination must be ahead for until its cursor is stored: in the common case settled
// positions follow at once.
constexpr int kTakesAhead = 4;

LogShard ShardAt(std::size_t index) { return LogShard(static_cast<std::uint8_t>(index)); }

Position LeastOf(const ShardPositions& positions) {
  return *std::min_element(positions.begin(), positions.end());
}

}  // namespace

Position Floors::Of(LogShard shard) const {
  Position floor = start;
  if (settled != nullptr) floor = std::max(floor, (*settled)[shard.value()]);
  const auto row = rows.find(shard);
  return row == rows.end() ? floor : std::max(floor, row->second);
}

Position Floors::Lowest() const {
  Position lowest = Of(LogShard(0));
  for (std::size_t i = 1; i < kLogShards; ++i) lowest = std::min(lowest, Of(ShardAt(i)));
  return lowest;
}

CursorTracker::CursorTracker(const ShardPositions& settled, Position read_mark)
    : stored_(settled), read_mark_(read_mark) {}

void CursorTracker::Add(DestinationId id, Floors floors, std::optional<Position> caught_up_to) {
  const std::lock_guard lock(mutex_);
  Destination& destination = destinations_[id];
  destination.counts = floors.settled != nullptr;
  destination.floors = std::move(floors);
  destination.caught_up_to = caught_up_to;
}

void CursorTracker::CatchUp(DestinationId id, Position caught_up_to) {
  const std::lock_guard lock(mutex_);
  const auto it = destinations_.find(id);
  if (it != destinations_.end()) it->second.caught_up_to = caught_up_to;
}

void CursorTracker::Join(DestinationId id) {
  const std::lock_guard lock(mutex_);
  const auto it = destinations_.find(id);
  if (it != destinations_.end()) it->second.caught_up_to.reset();
}

void CursorTracker::Remove(DestinationId id) {
  const std::lock_guard lock(mutex_);
  destinations_.erase(id);
  removed_.push_back(id);
}

void CursorTracker::Read(std::span<const OnItsWay> changes, Position read_mark) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, place] : changes) {
    const auto it = destinations_.find(id);
    if (it != destinations_.end()) it->second.changes[place.log_shard].insert(place.position);
  }
  read_mark_ = std::max(read_mark_, read_mark);
}

void CursorTracker::Settle(DestinationId id, std::span<const Place> places) {
  const std::lock_guard lock(mutex_);
  const auto it = destinations_.find(id);
  if (it == destinations_.end()) return;
  Destination& destination = it->second;
  for (const auto& [position, shard] : places) {
    const auto changes = destination.changes.find(shard);
    if (changes == destination.changes.end() || changes->second.erase(position) == 0) continue;
    if (changes->second.empty()) destination.changes.erase(changes);
    Ahead& ahead = destination.ahead[shard];
    ahead.highest = std::max(ahead.highest, position);
    delivered_[shard.value()] = std::max(delivered_[shard.value()], position);
  }
}

Position CursorTracker::ReadFor(const Destination& destination) const {
  return destination.caught_up_to ? std::min(*destination.caught_up_to, read_mark_) : read_mark_;
}

Position CursorTracker::CursorOf(const Destination& destination, LogShard shard) const {
  Position cursor = ReadFor(destination);
  const auto changes = destination.changes.find(shard);
  if (changes != destination.changes.end()) {
    cursor = std::min(cursor, *changes->second.begin() - 1);
  }
  return std::max(cursor, destination.floors.Of(shard));
}

ShardPositions CursorTracker::SettledNow() const {
  ShardPositions settled;
  settled.fill(read_mark_);
  for (const auto& [id, destination] : destinations_) {
    if (destination.caught_up_to) {
      const Position bound = ReadFor(destination);
      for (Position& position : settled) position = std::min(position, bound);
    }
    for (const auto& [shard, positions] : destination.changes) {
      settled[shard.value()] = std::min(settled[shard.value()], *positions.begin() - 1);
    }
  }
  return settled;
}

bool CursorTracker::Counts(const Destination& destination, const ShardPositions& settled) const {
  if (destination.counts) return true;
  for (std::size_t i = 0; i < settled.size(); ++i) {
    if (CursorOf(destination, ShardAt(i)) < settled[i]) return false;
  }
  return true;
}

void CursorTracker::NoteAheadOfEmptied(Destination& destination,
                                       const ShardPositions& settled) const {
  for (std::size_t i = 0; i < settled.size(); ++i) {
    const LogShard shard = ShardAt(i);
    if (destination.counts && settled[i] >= emptied_through_) continue;
    if (destination.floors.Of(shard) >= emptied_through_) continue;
    if (CursorOf(destination, shard) < emptied_through_) continue;
    Ahead& ahead = destination.ahead[shard];
    ahead.highest = std::max(ahead.highest, emptied_through_);
  }
}

void CursorTracker::TakeRows(DestinationId id, Destination& destination,
                             CursorUpdate& update) const {
  if (!destination.counts || LeastOf(update.settled) < emptied_through_) {
    NoteAheadOfEmptied(destination, update.settled);
  }
  for (auto it = destination.ahead.begin(); it != destination.ahead.end();) {
    const LogShard shard = it->first;
    Ahead& ahead = it->second;
    if (destination.counts && update.settled[shard.value()] >= ahead.highest) {
      it = destination.ahead.erase(it);
      continue;
    }
    const Position cursor = CursorOf(destination, shard);
    if (++ahead.takes >= kTakesAhead && cursor > ahead.stored && ahead.stored < ahead.highest) {
      update.rows.push_back({id, shard, cursor});
    }
    ++it;
  }
}

void CursorTracker::Emptied(Position through) {
  const std::lock_guard lock(mutex_);
  emptied_through_ = through;
}

std::optional<CursorUpdate> CursorTracker::Take(Shards shards) {
  const std::lock_guard lock(mutex_);
  CursorUpdate update;
  const ShardPositions now = SettledNow();
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool wanted = shards == Shards::kAll || delivered_[i] > stored_[i];
    update.settled[i] = wanted ? std::max(now[i], stored_[i]) : stored_[i];
  }
  for (auto& [id, destination] : destinations_) {
    if (!destination.counts && Counts(destination, update.settled)) update.joined.push_back(id);
    TakeRows(id, destination, update);
  }
  update.removed = removed_;
  if (update.settled == stored_ && update.rows.empty() && update.joined.empty() &&
      update.removed.empty()) {
    return std::nullopt;
  }
  return update;
}

void CursorTracker::Confirm(const CursorUpdate& update) {
  const std::lock_guard lock(mutex_);
  stored_ = update.settled;
  for (const CursorRow& row : update.rows) {
    const auto it = destinations_.find(row.destination);
    if (it == destinations_.end()) continue;
    const auto ahead = it->second.ahead.find(row.log_shard);
    if (ahead == it->second.ahead.end()) continue;
    ahead->second.stored = row.position;
    ahead->second.takes = 0;
  }
  for (const DestinationId id : update.joined) {
    const auto it = destinations_.find(id);
    if (it != destinations_.end()) it->second.counts = true;
  }
  removed_.erase(removed_.begin(),
                 removed_.begin() + static_cast<std::ptrdiff_t>(update.removed.size()));
}

Position CursorTracker::Low() const {
  const std::lock_guard lock(mutex_);
  Position low = LeastOf(stored_);
  for (const auto& [id, destination] : destinations_) {
    if (!destination.counts) low = std::min(low, destination.floors.Lowest());
  }
  return low;
}

Position CursorTracker::Settled() const {
  const std::lock_guard lock(mutex_);
  return std::max(LeastOf(SettledNow()), LeastOf(stored_));
}

std::int64_t CursorTracker::size() const {
  const std::lock_guard lock(mutex_);
  std::int64_t size = 0;
  for (const auto& [id, destination] : destinations_) {
    for (const auto& [shard, positions] : destination.changes) {
      size += static_cast<std::int64_t>(positions.size());
    }
  }
  return size;
}

}  // namespace tidemark::publisher
