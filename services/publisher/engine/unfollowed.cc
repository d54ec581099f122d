#include "services/publisher/engine/unfollowed.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "services/publisher/engine/catalogue.h"

namespace tidemark::publisher {

Unfollowed::Place Unfollowed::Take(const DestinationConfig& config) {
  absent_.erase(config.id);
  Place place{.floors = {.start = config.start}};
  const auto stored = stored_.destinations.find(config.id);
  if (stored == stored_.destinations.end()) return place;
  place.floors = FloorsOf(stored->second, config.start);
  // One that rests may have been known for too short a time to be in the database.
  const bool rests = resting_.erase(config.id) > 0;
  if (!stored->second.retired && !rests) place.known = CursorTracker::Known::kYes;
  stored_.destinations.erase(stored);
  return place;
}

// It may be turned on again, or be known again, and then goes on from where it is.
void Unfollowed::Retire(DestinationId id, CursorTracker::Backlog backlog) {
  const ShardPositions cursors = parts_.tracker.Cursors(id);
  parts_.tracker.Retire(id, backlog);
  StoredDestination& stored = stored_.destinations[id];
  stored.retired = backlog == CursorTracker::Backlog::kFreed;
  stored.counted.reset();
  for (const LogShard shard : ShardsOf(held_)) stored.cursors[shard] = cursors[shard.value()];
  resting_.erase(id);
  if (!stored.retired) resting_[id] = Floors{.rows = stored.cursors}.Lowest(held_);
}

// Deals with what was stored of destinations that are not to be followed. What is not known here
// may exist all the same, and must not be passed by: settled positions wait for it.
void Unfollowed::Settle(const Known& known, bool current, Position emptied_through) {
  std::erase_if(stored_.destinations, [&](const auto& entry) {
    const auto& [id, stored] = entry;
    const auto it = known.find(id.pool_number);
    const bool settled =
        (stored.counted & held_).none() && (stored.retired || resting_.contains(id));
    switch (FateOf(id, it == known.end() ? nullptr : &it->second->id, current)) {
      case Fate::kGone:
        absent_.erase(id);
        resting_.erase(id);
        parts_.tracker.Remove(id);
        return true;
      case Fate::kOff:
        SettleOff(*it->second, stored, emptied_through);
        return false;
      case Fate::kUnknown:
        if (!settled) parts_.tracker.Hold(id, FloorsOf(stored, 0));
        return false;
    }
    return false;
  });
}

// Whose backlog was freed stays so, whatever was the reason: it may be gone from the log.
void Unfollowed::SettleOff(const DestinationConfig& config, const StoredDestination& stored,
                           Position emptied_through) {
  const bool counts = (stored.counted & held_).any();
  if (stored.retired && !counts) return;
  Floors floors = FloorsOf(stored, config.start);
  const Position lowest = floors.Lowest(held_);
  bool keeps = config.turned_off && !stored.retired;
  if (keeps && lowest < emptied_through) {
    parts_.losses.MarkGapped(config, lowest, emptied_through);
    keeps = false;
  }
  if (keeps && resting_.contains(config.id) && !counts) return;
  parts_.tracker.Hold(config.id, std::move(floors));
  Retire(config.id, keeps ? CursorTracker::Backlog::kKept : CursorTracker::Backlog::kFreed);
}

// What is to become of a destination that is stored and not followed.
Unfollowed::Fate Unfollowed::FateOf(DestinationId id, const DestinationId* known, bool current) {
  if (known == nullptr && current) {
    const absl::Time now = parts_.boottime.Now();
    const absl::Time since = absent_.try_emplace(id, now).first->second;
    return now - since < Catalogue::kForgetAfter ? Fate::kUnknown : Fate::kGone;
  }
  absent_.erase(id);
  if (known == nullptr) return Fate::kUnknown;
  if (id.epoch < known->epoch) return Fate::kGone;
  return id == *known && current ? Fate::kOff : Fate::kUnknown;
}

Floors Unfollowed::FloorsOf(const StoredDestination& stored, Position start) const {
  Floors floors{.start = start, .rows = stored.cursors};
  floors.counted = stored.counted & held_;
  if (floors.counted.any()) {
    floors.settled = std::make_shared<const ShardPositions>(stored_.settled);
  }
  return floors;
}

bool Unfollowed::IsDue(Position emptied_through) const {
  const absl::Time due = parts_.boottime.Now() - Catalogue::kForgetAfter;
  return std::any_of(absent_.begin(), absent_.end(),
                     [due](const auto& absent) { return absent.second <= due; }) ||
         std::any_of(resting_.begin(), resting_.end(),
                     [=](const auto& resting) { return resting.second < emptied_through; });
}

}  // namespace tidemark::publisher
