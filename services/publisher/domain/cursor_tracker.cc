#include "services/publisher/domain/cursor_tracker.h"

#include <algorithm>
#include <utility>

namespace tidemark::publisher {
namespace {

// Takes that a destination must be ahead for until its cursor is stored: in the common case settled
// positions follow at once.
constexpr int kTakesAhead = 4;

// Cursors in one update, roughly: so that many destinations that are apart at once do not make one
// transaction of all their cursors. What is left out comes first with the next.
constexpr std::size_t kRowsPerUpdate = 4096;

}  // namespace

CursorTracker::CursorTracker(const ShardSet& held, const ShardPositions& settled,
                             Position read_mark)
    : held_(held), shards_(ShardsOf(held)), read_mark_(read_mark) {
  for (const LogShard shard : shards_) stored_[shard.value()] = settled[shard.value()];
}

CursorTracker::Destination* CursorTracker::Find(DestinationId id) {
  const auto it = destinations_.find(id);
  return it == destinations_.end() ? nullptr : &it->second;
}

CursorTracker::Destination& CursorTracker::Begin(DestinationId id, Floors floors,
                                                 std::optional<Position> caught_up_to,
                                                 Known known) {
  const auto [it, made] = destinations_.try_emplace(id);
  Destination& destination = it->second;
  // One that retires may count until that is stored.
  if (made) destination.counted = floors.counted & held_;
  destination.changes.clear();
  destination.floors = std::move(floors);
  destination.known = known;
  destination.apart = caught_up_to.has_value();
  destination.retiring.reset();
  destination.caught_up_to = caught_up_to;
  return destination;
}

void CursorTracker::Add(DestinationId id, Floors floors, std::optional<Position> caught_up_to,
                        Known known) {
  const std::lock_guard lock(mutex_);
  Begin(id, std::move(floors), caught_up_to, known);
}

void CursorTracker::Hold(DestinationId id, Floors floors) {
  const Position lowest = floors.Lowest(held_);
  const std::lock_guard lock(mutex_);
  Begin(id, std::move(floors), lowest, Known::kYes).apart = false;
}

void CursorTracker::CatchUp(DestinationId id, Position caught_up_to) {
  const std::lock_guard lock(mutex_);
  if (Destination* const destination = Find(id)) destination->caught_up_to = caught_up_to;
}

void CursorTracker::Join(DestinationId id) {
  const std::lock_guard lock(mutex_);
  Destination* const destination = Find(id);
  if (destination == nullptr) return;
  destination->apart = false;
  destination->caught_up_to.reset();
}

void CursorTracker::Part(DestinationId id) {
  const std::lock_guard lock(mutex_);
  if (Destination* const destination = Find(id)) destination->apart = true;
}

void CursorTracker::SplitOff(DestinationId id, Position caught_up_to) {
  const std::lock_guard lock(mutex_);
  Destination* const found = Find(id);
  if (found == nullptr) return;
  Destination& destination = *found;
  destination.apart = true;
  destination.caught_up_to = caught_up_to;
  for (auto shard = destination.changes.begin(); shard != destination.changes.end();) {
    absl::btree_set<Position>& positions = shard->second;
    positions.erase(positions.upper_bound(caught_up_to), positions.end());
    shard = positions.empty() ? destination.changes.erase(shard) : std::next(shard);
  }
}

void CursorTracker::Retire(DestinationId id, Backlog backlog) {
  const std::lock_guard lock(mutex_);
  Destination* const destination = Find(id);
  if (destination == nullptr) return;
  destination->apart = true;
  destination->retiring = backlog;
  destination->caught_up_to = ReadFor(*destination);  // reads no more
}

void CursorTracker::Remove(DestinationId id) {
  const std::lock_guard lock(mutex_);
  destinations_.erase(id);
  removed_.push_back(id);
}

void CursorTracker::Read(std::span<const OnItsWay> changes, Position read_mark) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, place] : changes) {
    if (Destination* const destination = Find(id)) {
      destination->changes[place.log_shard].insert(place.position);
    }
  }
  read_mark_ = std::max(read_mark_, read_mark);
}

void CursorTracker::Settle(DestinationId id, std::span<const Place> places) {
  const std::lock_guard lock(mutex_);
  Destination* const found = Find(id);
  if (found == nullptr) return;
  Destination& destination = *found;
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

Position CursorTracker::LeastOf(const ShardPositions& positions) const {
  Position least = positions[shards_.front().value()];
  for (const LogShard shard : shards_) least = std::min(least, positions[shard.value()]);
  return least;
}

ShardPositions CursorTracker::SettledNow() const {
  ShardPositions settled{};
  for (const LogShard shard : shards_) settled[shard.value()] = read_mark_;
  for (const auto& [id, destination] : destinations_) {
    if (destination.caught_up_to && destination.counted.any()) {
      const Position bound = ReadFor(destination);
      for (const LogShard shard : shards_) {
        if (!destination.counted[shard.value()]) continue;
        settled[shard.value()] = std::min(settled[shard.value()], bound);
      }
    }
    for (const auto& [shard, positions] : destination.changes) {
      if (!destination.HoldsUp(shard)) continue;
      settled[shard.value()] = std::min(settled[shard.value()], *positions.begin() - 1);
    }
  }
  return settled;
}

void CursorTracker::TakeCounting(DestinationId id, Destination& destination,
                                 CursorUpdate& update) const {
  if (destination.known == Known::kNo) update.added.emplace_back(id, destination.floors.start);
  if (destination.apart) {
    if (destination.counted.any()) update.left.push_back({id, destination.counted});
    if (destination.retiring) {
      (*destination.retiring == Backlog::kFreed ? update.retired : update.resting).push_back(id);
    }
    for (const LogShard shard : shards_) {
      const Position cursor = CursorOf(destination, shard);
      const bool last = destination.retiring.has_value() && cursor > destination.floors.Of(shard);
      if (!destination.counted[shard.value()] && !last) continue;
      update.rows.push_back({id, shard, cursor});
    }
    return;
  }
  if (destination.caught_up_to || destination.counted == held_) return;
  ShardSet joins;
  for (const LogShard shard : ShardsOf(held_ & ~destination.counted)) {
    joins[shard.value()] = CursorOf(destination, shard) >= update.settled[shard.value()];
  }
  if (joins.any()) update.joined.push_back({id, joins});
}

void CursorTracker::NoteAheadOfEmptied(Destination& destination,
                                       const ShardPositions& settled) const {
  for (const LogShard shard : shards_) {
    if (destination.counted[shard.value()] && settled[shard.value()] >= emptied_through_) continue;
    if (destination.floors.Of(shard) >= emptied_through_) continue;
    if (CursorOf(destination, shard) < emptied_through_) continue;
    Ahead& ahead = destination.ahead[shard];
    ahead.highest = std::max(ahead.highest, emptied_through_);
  }
}

// One that is apart reads on in every shard, also where it has nothing to deliver: what would be
// read again after a crash.
void CursorTracker::NoteAheadAlone(Destination& destination) const {
  for (const LogShard shard : ShardsOf(held_ & ~destination.counted)) {
    const Position cursor = CursorOf(destination, shard);
    if (cursor <= destination.floors.Of(shard)) continue;
    Ahead& ahead = destination.ahead[shard];
    ahead.highest = std::max(ahead.highest, cursor);
    ahead.takes = kTakesAhead;
  }
}

void CursorTracker::TakeRows(DestinationId id, Destination& destination,
                             CursorUpdate& update) const {
  if (destination.counted != held_ || LeastOf(update.settled) < emptied_through_) {
    NoteAheadOfEmptied(destination, update.settled);
  }
  for (auto it = destination.ahead.begin(); it != destination.ahead.end();) {
    const LogShard shard = it->first;
    Ahead& ahead = it->second;
    const bool counted = destination.counted[shard.value()];
    if (counted && update.settled[shard.value()] >= ahead.highest) {
      it = destination.ahead.erase(it);
      continue;
    }
    ++it;
    if (destination.retiring || (counted && destination.apart)) continue;  // it has a row by that
    const Position cursor = CursorOf(destination, shard);
    if (++ahead.takes >= kTakesAhead && cursor > ahead.stored && ahead.stored < ahead.highest) {
      update.rows.push_back({id, shard, cursor});
    }
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
  for (const LogShard shard : shards_) {
    const std::size_t i = shard.value();
    const bool wanted = shards == Shards::kAll || delivered_[i] > stored_[i];
    update.settled[i] = wanted ? std::max(now[i], stored_[i]) : stored_[i];
  }
  for (auto& [id, destination] : destinations_) TakeCounting(id, destination, update);
  auto next = destinations_.lower_bound(rows_from_);
  for (std::size_t i = 0; i < destinations_.size(); ++i, ++next) {
    if (next == destinations_.end()) next = destinations_.begin();
    rows_from_ = next->first;
    if (update.rows.size() >= kRowsPerUpdate) break;
    if (shards == Shards::kAll && next->second.apart) NoteAheadAlone(next->second);
    TakeRows(next->first, next->second, update);
  }
  update.removed = removed_;
  if (update.settled == stored_ && update.rows.empty() && update.added.empty() &&
      update.joined.empty() && update.retired.empty() && update.resting.empty() &&
      update.removed.empty()) {
    return std::nullopt;
  }
  return update;
}

void CursorTracker::ConfirmRow(const CursorRow& row) {
  Destination* const destination = Find(row.destination);
  if (destination == nullptr) return;
  Ahead& ahead = destination->ahead[row.log_shard];
  ahead.highest = std::max(ahead.highest, row.position);
  ahead.stored = row.position;
  ahead.takes = 0;
}

void CursorTracker::Confirm(const CursorUpdate& update) {
  const std::lock_guard lock(mutex_);
  stored_ = update.settled;
  for (const CursorRow& row : update.rows) ConfirmRow(row);
  for (const auto& [id, start] : update.added) {
    if (Destination* const added = Find(id)) added->known = Known::kYes;
  }
  for (const auto& [id, shards] : update.joined) {
    if (Destination* const joined = Find(id)) joined->counted |= shards;
  }
  for (const auto& [id, shards] : update.left) {
    if (Destination* const left = Find(id)) left->counted &= ~shards;
  }
  const auto forget = [this](const std::vector<DestinationId>& ids, Backlog backlog) {
    for (const DestinationId id : ids) {
      const auto it = destinations_.find(id);
      if (it != destinations_.end() && it->second.retiring == backlog) destinations_.erase(it);
    }
  };
  forget(update.retired, Backlog::kFreed);
  forget(update.resting, Backlog::kKept);
  removed_.erase(removed_.begin(),
                 removed_.begin() + static_cast<std::ptrdiff_t>(update.removed.size()));
}

ShardPositions CursorTracker::Cursors(DestinationId id) const {
  const std::lock_guard lock(mutex_);
  ShardPositions cursors{};
  const auto it = destinations_.find(id);
  if (it == destinations_.end()) return cursors;
  for (const LogShard shard : shards_) cursors[shard.value()] = CursorOf(it->second, shard);
  return cursors;
}

std::optional<Position> CursorTracker::OldestOnItsWay(DestinationId id) const {
  const std::lock_guard lock(mutex_);
  std::optional<Position> oldest;
  const auto it = destinations_.find(id);
  if (it == destinations_.end()) return oldest;
  for (const auto& [shard, positions] : it->second.changes) {
    oldest = std::min(oldest.value_or(*positions.begin()), *positions.begin());
  }
  return oldest;
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
