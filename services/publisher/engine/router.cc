#include "services/publisher/engine/router.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/obs/log.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kTendInterval = absl::Milliseconds(50);
// How often it is looked whether keys are stuck.
constexpr absl::Duration kLookInterval = absl::Seconds(1);
// One that takes nothing for so long is stuck (design section 6).
constexpr absl::Duration kStuck = absl::Seconds(1);
// One whose oldest change does not get on for so long is not waited for.
constexpr absl::Duration kWaitForKey = absl::Seconds(5);
// What one that catches up may have on its way in any case, and the most that is read at once.
constexpr std::int64_t kLeastLaggardBytes = 32 * kKiB;
constexpr std::int64_t kPieceBytes = 4 * kMiB;
// How much more memory an event takes than its row's body.
constexpr std::int64_t kMemoryOfBody = 3;

}  // namespace

Router::Router(const ShardSet& held, StoredState stored, const Parts& parts)
    : held_(held),
      parts_(parts),
      emptied_through_(stored.emptied_through),
      unfollowed_(held, std::move(stored), {parts.tracker, parts.losses, parts.boottime}) {}

void Router::Update(const std::vector<DestinationConfig>& all, bool current, Position hi) {
  Unfollowed::Known known;
  for (const DestinationConfig& config : all) known[config.id.pool_number] = &config;
  std::vector<std::pair<std::int32_t, const DestinationConfig*>> gone;
  for (auto& [pool_number, following] : by_pool_) {
    const auto it = known.find(pool_number);
    if (it == known.end()) {
      gone.emplace_back(pool_number, &following.config);
    } else if (it->second->id != following.config.id) {
      gone.emplace_back(pool_number, nullptr);
    } else if (!it->second->enabled) {
      gone.emplace_back(pool_number, it->second);
    } else if (*it->second != following.config) {
      following.config = *it->second;
      parts_.dispatcher.Reconfigure(following.config);
    }
  }
  for (const auto& [pool_number, off] : gone) Unfollow(pool_number, off);
  for (const auto& [pool_number, config] : known) {
    if (config->enabled && !by_pool_.contains(pool_number)) Follow(*config, hi);
  }
  unfollowed_.Settle(known, current, emptied_through_);
}

void Router::Follow(const DestinationConfig& config, Position hi) {
  Unfollowed::Place place = unfollowed_.Take(config);
  Following following{
      .config = config, .floors = std::move(place.floors), .load = std::make_shared<OutletLoad>()};
  Position lowest = following.floors.Lowest(held_);
  if (lowest < emptied_through_) {
    parts_.losses.MarkGapped(config, lowest, emptied_through_);
    following.floors.start = lowest = emptied_through_;
  }
  if (lowest < hi) {
    following.caught_up_to = lowest;
    laggards_.insert(config.id.pool_number);
  }
  parts_.tracker.Add(config.id, following.floors, following.caught_up_to, place.known);
  parts_.dispatcher.Add(config, following.load);
  by_pool_.emplace(config.id.pool_number, std::move(following));
}

void Router::Unfollow(std::int32_t pool_number, const DestinationConfig* off) {
  const auto it = by_pool_.find(pool_number);
  const DestinationId id = it->second.config.id;
  parts_.dispatcher.Remove(id);
  if (off != nullptr) {
    unfollowed_.Retire(
        id, off->turned_off ? CursorTracker::Backlog::kKept : CursorTracker::Backlog::kFreed);
  } else {
    parts_.tracker.Remove(id);
  }
  laggards_.erase(pool_number);
  by_pool_.erase(it);
}

void Router::RouteLive(const LogRow& row) {
  const auto it = by_pool_.find(row.pool_number);
  if (it == by_pool_.end()) return;
  Following& following = it->second;
  // Above: catching up will come by it. Below: it was in a gap when catching up came by.
  if (following.caught_up_to && row.position > *following.caught_up_to) {
    Skip(following, row);
  } else {
    Route(following, row);
  }
}

void Router::Skip(Following& following, const LogRow& row) {
  ++following.backlog.changes;
  following.backlog.oldest_commit = std::min(following.backlog.oldest_commit, row.commit_time);
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
    Park(following, unreadable, std::string(kUnreadableRow));
    return;
  }
  parts_.metrics.Read(*event);
  following.load->Enter(event->memory_bytes(), parts_.boottime);
  routed_.push_back({following.config.id, *std::move(event)});
}

void Router::Park(const Following& following, const Event& event, std::string reason) {
  parts_.metrics.Parked();
  parked_.push_back({following.config.id, ParkedFrom(following.config, event, std::move(reason))});
}

void Router::Tend(Position hi) {
  const absl::Time now = parts_.boottime.Now();
  if (!parts_.lease.Held()) {
    for (auto& [pool_number, following] : by_pool_) following.oldest_since = now;
    return;
  }
  if (now < tend_at_) return;
  tend_at_ = now + kTendInterval;
  const bool looks = now >= look_at_;
  if (looks) look_at_ = now + kLookInterval;
  held_bytes_ = BytesOf(/*held=*/true, now);
  idle_bytes_ = parts_.dispatcher.queued_bytes() - BytesOf(/*held=*/false, now);
  for (auto& [pool_number, following] : by_pool_) {
    if (following.splitting) {
      FinishSplit(following);
    } else if (ShouldSplit(following, now)) {
      StartSplit(following, hi);
    } else if (looks && !following.caught_up_to) {
      PartOrJoin(following, now);
    }
    following.backlog.split_off = following.caught_up_to.has_value();
    following.load->SetBacklog(following.backlog);
  }
}

bool Router::ShouldSplit(const Following& following, absl::Time now) const {
  const OutletLoad& load = *following.load;
  const bool live = !following.caught_up_to;
  const bool holds_more_than_it_must = live || !following.lean;
  if (following.config.paused) return holds_more_than_it_must;
  const bool slow = load.StalledAsAWhole(now, kStuck) ? holds_more_than_it_must
                                                      : live && load.bytes() > LiveShare();
  return slow && OthersGetOn(following, now);
}

// Not about to leave: it catches up, or keys of it are stuck.
bool Router::IsHeld(const Following& following, absl::Time now) const {
  return following.caught_up_to || following.apart || following.load->Stalled(now, kStuck);
}

std::int64_t Router::BytesOf(bool held, absl::Time now) const {
  std::int64_t bytes = 0;
  for (const auto& [pool_number, following] : by_pool_) {
    if (IsHeld(following, now) == held) bytes += following.load->bytes();
  }
  return bytes;
}

// A quarter of what they leave: so those that can't be made to drop it never take all.
std::int64_t Router::LiveShare() const {
  return (parts_.dispatcher.queue_limit() - held_bytes_) / 4;
}

// Well below the other, or one that is stuck would join the others and be split off by turns.
std::int64_t Router::LaggardShare() const {
  const auto laggards = static_cast<std::int64_t>(laggards_.size());
  return std::max(kLeastLaggardBytes,
                  std::min(parts_.dispatcher.queue_limit() / 2 / laggards, LiveShare() / 2));
}

// Whether there is another one that would be delayed: one that is not stuck itself, but for some
// keys, with little on its way.
bool Router::OthersGetOn(const Following& following, absl::Time now) const {
  return std::any_of(by_pool_.begin(), by_pool_.end(), [&](const auto& entry) {
    const Following& other = entry.second;
    return &other != &following && !other.load->StalledAsAWhole(now, kStuck) &&
           other.load->bytes() <= following.load->bytes() / 4;
  });
}

// From now on it is a laggard, but is not read for until the dispatcher has said what it dropped.
void Router::StartSplit(Following& following, Position hi) {
  const DestinationId id = following.config.id;
  if (!following.caught_up_to) {
    parts_.metrics.SplitOff();
    const bool paused = following.config.paused;
    obs::Log(paused ? obs::Level::kInfo : obs::Level::kWarning,
             paused ? "a stream is paused and is split off until it is resumed"
                    : "a stream is slow and is split off, so that it delays no other",
             {{"pool_id", following.config.pool_id},
              {"stream", following.config.stream_name},
              {"changes", following.load->changes()}});
    following.caught_up_to = hi;
    following.apart = false;
    laggards_.insert(id.pool_number);
  }
  following.splitting = true;
  parts_.tracker.SplitOff(id, *following.caught_up_to);
  parts_.dispatcher.SplitOff(id);
}

void Router::FinishSplit(Following& following) {
  const auto shed = following.load->TakeShed();
  if (!shed) return;
  following.splitting = false;
  following.lean = true;
  following.caught_up_to = std::min(*following.caught_up_to, shed->through);
  following.backlog.changes += shed->changes;
  following.backlog.oldest_commit = std::min(following.backlog.oldest_commit, shed->oldest_commit);
  parts_.tracker.SplitOff(following.config.id, *following.caught_up_to);
  parts_.dispatcher.Reopen(following.config.id);
}

void Router::PartOrJoin(Following& following, absl::Time now) {
  const DestinationId id = following.config.id;
  const std::optional<Position> oldest = parts_.tracker.OldestOnItsWay(id);
  if (oldest != following.oldest) {
    following.oldest = oldest;
    following.oldest_since = now;
    if (std::exchange(following.apart, false)) parts_.tracker.Join(id);
  } else if (oldest && now - following.oldest_since > kWaitForKey && !following.apart) {
    following.apart = true;
    parts_.tracker.Part(id);
  }
}

std::int64_t Router::RoomFor(const Following& following, absl::Time now) const {
  const OutletLoad& load = *following.load;
  if (following.splitting || following.config.paused || load.StalledAsAWhole(now, kStuck)) return 0;
  // One of which keys are stuck is read for, so that its other keys go on; but all of these
  // together leave half the queue to others.
  if (load.Stalled(now, kStuck) && held_bytes_ >= parts_.dispatcher.queue_limit() / 2) return 0;
  return std::min(LaggardShare() - load.bytes(), kPieceBytes);
}

std::optional<Router::Laggard> Router::NextLaggard() {
  const absl::Time now = parts_.boottime.Now();
  auto next = laggards_.upper_bound(last_laggard_);
  for (std::size_t i = 0; i < laggards_.size(); ++i, ++next) {
    if (next == laggards_.end()) next = laggards_.begin();
    const Following& following = by_pool_.at(*next);
    const std::int64_t room = RoomFor(following, now);
    if (room <= 0) continue;
    last_laggard_ = *next;
    return Laggard{following.config.id, *following.caught_up_to,
                   std::max<std::int64_t>(1, room / kMemoryOfBody)};
  }
  return std::nullopt;
}

void Router::RouteCatchUp(const Laggard& laggard, const LogPage& page, Position through,
                          const GapTracker& gaps) {
  Following& following = by_pool_.at(laggard.id.pool_number);
  if (page.emptied_through > laggard.caught_up_to) {
    parts_.losses.MarkGapped(following.config, laggard.caught_up_to, page.emptied_through);
  }
  OutletLoad::Backlog& backlog = following.backlog;
  for (const LogRow& row : page.rows) {
    if (gaps.InGap(row.position)) continue;
    Route(following, row);
    backlog.changes = std::max<std::int64_t>(0, backlog.changes - 1);
    backlog.oldest_commit = row.commit_time;
  }
  following.lean = page.rows.empty() && following.lean;
  following.caught_up_to =
      std::max(page.complete ? through : page.rows.back().position, page.emptied_through);
  if (*following.caught_up_to < gaps.hi()) return;
  following.caught_up_to.reset();
  backlog = {};
  following.oldest.reset();
  parts_.metrics.Rejoined();
  laggards_.erase(laggard.id.pool_number);
  parts_.tracker.Read(on_their_way_, 0);
  on_their_way_.clear();
  parts_.tracker.Join(laggard.id);
}

void Router::Flush(Position read_mark, Position emptied_through) {
  parts_.tracker.Read(on_their_way_, read_mark);
  parts_.tracker.Emptied(emptied_through);
  emptied_through_ = emptied_through;
  on_their_way_.clear();
  for (const std::int32_t pool_number : laggards_) {
    const Following& following = by_pool_.at(pool_number);
    if (following.splitting) continue;
    parts_.tracker.CatchUp(following.config.id, *following.caught_up_to);
  }
  for (NewlyParked& parked : parked_) {
    parts_.losses.Park(parked.destination, std::move(parked.event));
  }
  parked_.clear();
  parts_.dispatcher.Deliver(std::exchange(routed_, {}));
}

void Router::MarkAllGapped(Position from, Position through) {
  for (const auto& [pool_number, following] : by_pool_) {
    if (following.floors.Lowest(held_) >= through) continue;
    parts_.losses.MarkGapped(following.config, from, through);
  }
}

}  // namespace tidemark::publisher
