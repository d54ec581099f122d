#include "services/publisher/engine/router.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/obs/log.h"

namespace tidemark::publisher {

Router::Router(StoredState stored, const Parts& parts)
    : stored_(std::move(stored)), parts_(parts) {}

void Router::Update(const std::vector<DestinationConfig>& all, bool current, Position hi,
                    Position emptied_through) {
  std::map<std::int32_t, const DestinationConfig*> wanted;
  for (const DestinationConfig& config : all) {
    if (config.enabled) wanted[config.id.pool_number] = &config;
  }
  std::vector<std::int32_t> gone;
  for (const auto& [pool_number, following] : by_pool_) {
    const auto it = wanted.find(pool_number);
    if (it == wanted.end() || it->second->id != following.config.id) gone.push_back(pool_number);
  }
  for (const std::int32_t pool_number : gone) Unfollow(pool_number);
  for (const auto& [pool_number, config] : wanted) {
    if (!by_pool_.contains(pool_number)) Follow(*config, hi, emptied_through);
  }
  ForgetOrHold(all, current);
}

Floors Router::FloorsOf(const StoredDestination& stored, Position start) const {
  Floors floors{.start = start, .rows = stored.cursors};
  if (stored.counts) floors.settled = std::make_shared<const ShardPositions>(stored_.settled);
  return floors;
}

// Deals with what was stored of destinations that are not to be followed. One that exists, though
// it is not known yet, must not be passed by: settled positions wait, as for one that catches up.
void Router::ForgetOrHold(const std::vector<DestinationConfig>& all, bool current) {
  std::map<std::int32_t, std::int64_t> epochs;
  for (const DestinationConfig& config : all) epochs[config.id.pool_number] = config.id.epoch;
  std::erase_if(stored_.destinations, [&](const auto& entry) {
    const auto& [id, stored] = entry;
    const auto known = epochs.find(id.pool_number);
    const bool gone = known == epochs.end() ? current : id.epoch <= known->second;
    if (gone) {
      parts_.tracker.Remove(id);
    } else {
      const Floors floors = FloorsOf(stored, 0);
      parts_.tracker.Add(id, floors, floors.Lowest());
    }
    return gone;
  });
}

void Router::Follow(const DestinationConfig& config, Position hi, Position emptied_through) {
  Following following{.config = config, .floors = {.start = config.start}};
  if (const auto stored = stored_.destinations.find(config.id);
      stored != stored_.destinations.end()) {
    following.floors = FloorsOf(stored->second, config.start);
    stored_.destinations.erase(stored);
  }
  Position lowest = following.floors.Lowest();
  if (lowest < emptied_through) {
    MarkGapped(config, lowest, emptied_through);
    following.floors.start = lowest = emptied_through;
  }
  if (lowest < hi) {
    following.caught_up_to = lowest;
    laggards_.insert(config.id.pool_number);
  }
  parts_.tracker.Add(config.id, following.floors, following.caught_up_to);
  parts_.dispatcher.Add(config);
  by_pool_.emplace(config.id.pool_number, std::move(following));
}

void Router::Unfollow(std::int32_t pool_number) {
  const auto it = by_pool_.find(pool_number);
  parts_.tracker.Remove(it->second.config.id);
  parts_.dispatcher.Remove(it->second.config.id);
  laggards_.erase(pool_number);
  by_pool_.erase(it);
}

void Router::RouteLive(const LogRow& row) {
  const auto it = by_pool_.find(row.pool_number);
  if (it == by_pool_.end()) return;
  const Following& following = it->second;
  // Above: catching up will come by it. Below: it was in a gap when catching up came by.
  if (following.caught_up_to && row.position > *following.caught_up_to) return;
  Route(following, row);
}

void Router::Route(const Following& following, const LogRow& row) {
  if (row.position <= following.floors.Of(row.log_shard)) return;
  on_their_way_.push_back({following.config.id, {row.position, row.log_shard}});
  absl::StatusOr<Event> event = decoder_.Decode(row, parts_.wall.Now());
  if (!event.ok()) {
    Event unreadable{.position = row.position,
                     .log_shard = row.log_shard,
                     .change = {"", row.kind, row.sync_count, row.generation},
                     .commit_time = row.commit_time};
    Park(following, unreadable, "the log's row can't be read; report this as a fault of Tidemark");
    return;
  }
  parts_.metrics.Read(*event);
  routed_.push_back({following.config.id, *std::move(event)});
}

void Router::Park(const Following& following, const Event& event, std::string reason) {
  parts_.metrics.Parked();
  parked_.push_back({following.config.id, ParkedFrom(following.config, event, std::move(reason))});
}

std::optional<Router::Laggard> Router::NextLaggard() {
  if (laggards_.empty()) return std::nullopt;
  auto next = laggards_.upper_bound(last_laggard_);
  if (next == laggards_.end()) next = laggards_.begin();
  last_laggard_ = *next;
  const Following& following = by_pool_.at(*next);
  return Laggard{following.config.id, *following.caught_up_to};
}

void Router::RouteCatchUp(const Laggard& laggard, const LogPage& page, Position through,
                          const GapTracker& gaps) {
  Following& following = by_pool_.at(laggard.id.pool_number);
  if (page.emptied_through > laggard.caught_up_to) {
    MarkGapped(following.config, laggard.caught_up_to, page.emptied_through);
  }
  for (const LogRow& row : page.rows) {
    if (!gaps.InGap(row.position)) Route(following, row);
  }
  following.caught_up_to =
      std::max(page.complete ? through : page.rows.back().position, page.emptied_through);
  if (*following.caught_up_to < gaps.hi()) return;
  following.caught_up_to.reset();
  laggards_.erase(laggard.id.pool_number);
  parts_.tracker.Read(on_their_way_, 0);
  on_their_way_.clear();
  parts_.tracker.Join(laggard.id);
}

void Router::Flush(Position read_mark, Position emptied_through) {
  parts_.tracker.Read(on_their_way_, read_mark);
  parts_.tracker.Emptied(emptied_through);
  on_their_way_.clear();
  for (const std::int32_t pool_number : laggards_) {
    const Following& following = by_pool_.at(pool_number);
    parts_.tracker.CatchUp(following.config.id, *following.caught_up_to);
  }
  for (NewlyParked& parked : parked_) {
    parts_.losses.Park(parked.destination, std::move(parked.event));
  }
  parked_.clear();
  parts_.dispatcher.Deliver(std::exchange(routed_, {}));
}

void Router::MarkGapped(const DestinationConfig& config, Position from, Position through) {
  parts_.losses.MarkGapped(config.id, through);
  obs::Log(
      obs::Level::kError,
      "a stream lost changes that the log had to forget; its consumers must read the pool anew",
      {{"pool_id", config.pool_id},
       {"stream", config.stream_name},
       {"from_position", from},
       {"through_position", through}});
}

void Router::MarkAllGapped(Position from, Position through) {
  for (const auto& [pool_number, following] : by_pool_) {
    MarkGapped(following.config, from, through);
  }
}

}  // namespace tidemark::publisher
