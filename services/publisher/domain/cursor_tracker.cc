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
  for (const OnItsWay& change : changes) {
    const auto it = destinations_.find(change.destination);
    if (it != destinations_.end()) {
      Insert(it->second.changes, {change.position, change.log_shard, false});
    }
  }
  read_mark_ = std::max(read_mark_, read_mark);
}

void CursorTracker::Insert(std::deque<Change>& changes, const Change& change) {
  if (changes.empty() || changes.back().position < change.position) {
    changes.push_back(change);
    return;
  }
  const auto place =
      std::lower_bound(changes.begin(), changes.end(), change.position,
                       [](const Change& a, Position position) { return a.position < position; });
  if (place->position != change.position) changes.insert(place, change);
}

void CursorTracker::Settle(DestinationId id, std::span<const Position> positions) {
  const std::lock_guard lock(mutex_);
  const auto it = destinations_.find(id);
  if (it == destinations_.end()) return;
  std::deque<Change>& changes = it->second.changes;
  for (const Position position : positions) {
    const auto change =
        std::lower_bound(changes.begin(), changes.end(), position,
                         [](const Change& a, Position wanted) { return a.position < wanted; });
    if (change == changes.end() || change->position != position) continue;
    change->settled = true;
    Ahead& ahead = it->second.ahead[change->log_shard];
    ahead.highest = std::max(ahead.highest, position);
  }
  while (!changes.empty() && changes.front().settled) changes.pop_front();
}

CursorTracker::Cursors CursorTracker::HeldUp(const Destination& destination) const {
  Cursors cursors;
  for (const Change& change : destination.changes) {
    if (change.settled) continue;
    cursors.emplace(change.log_shard, change.position - 1);
    if (cursors.size() == kLogShards) break;
  }
  return cursors;
}

Position CursorTracker::ReadFor(const Destination& destination) const {
  return destination.caught_up_to ? std::min(*destination.caught_up_to, read_mark_) : read_mark_;
}

Position CursorTracker::CursorOf(const Destination& destination, const Cursors& held_up,
                                 LogShard shard) const {
  Position cursor = ReadFor(destination);
  const auto change = held_up.find(shard);
  if (change != held_up.end()) cursor = std::min(cursor, change->second);
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
    for (const auto& [shard, cursor] : HeldUp(destination)) {
      settled[shard.value()] = std::min(settled[shard.value()], cursor);
    }
  }
  return settled;
}

bool CursorTracker::Counts(const Destination& destination, const ShardPositions& settled) const {
  if (destination.counts) return true;
  const Cursors held_up = HeldUp(destination);
  for (std::size_t i = 0; i < settled.size(); ++i) {
    if (CursorOf(destination, held_up, ShardAt(i)) < settled[i]) return false;
  }
  return true;
}

void CursorTracker::TakeRows(DestinationId id, Destination& destination,
                             CursorUpdate& update) const {
  if (destination.ahead.empty()) return;
  const Cursors held_up = HeldUp(destination);
  for (auto it = destination.ahead.begin(); it != destination.ahead.end();) {
    const LogShard shard = it->first;
    Ahead& ahead = it->second;
    if (destination.counts && update.settled[shard.value()] >= ahead.highest) {
      it = destination.ahead.erase(it);
      continue;
    }
    const Position cursor = CursorOf(destination, held_up, shard);
    if (++ahead.takes >= kTakesAhead && cursor > ahead.stored) {
      update.rows.push_back({id, shard, cursor});
    }
    ++it;
  }
}

std::optional<CursorUpdate> CursorTracker::Take() {
  const std::lock_guard lock(mutex_);
  CursorUpdate update;
  const ShardPositions now = SettledNow();
  for (std::size_t i = 0; i < now.size(); ++i) update.settled[i] = std::max(now[i], stored_[i]);
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

std::int64_t CursorTracker::size() const {
  const std::lock_guard lock(mutex_);
  std::int64_t size = 0;
  for (const auto& [id, destination] : destinations_) {
    size += static_cast<std::int64_t>(destination.changes.size());
  }
  return size;
}

}  // namespace tidemark::publisher
