#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/clock.h"
#include "services/publisher/domain/cursor_tracker.h"
#include "services/publisher/domain/gap_tracker.h"
#include "services/publisher/engine/declared_losses.h"
#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/lease_guard.h"
#include "services/publisher/engine/metrics.h"
#include "services/publisher/engine/unfollowed.h"
#include "services/publisher/store/change_log.h"
#include "services/publisher/store/event_decoder.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Decides which destination wants a change of the log, and makes events of them. For the reader's
// thread, which alone calls it: LogFollower.
//
// A destination is live: it gets what is read; or it catches up: it was learned when reading had
// passed its start, and its changes are read for it alone until it has come as far as the others.
// Then it joins them. Positions in gaps are left out of catching up, as they come live: so the
// order of a dataset holds (see LogFollower).
//
// One that is slow is split off, so that it delays no other: what was not sent to it is dropped, it
// is apart, and it catches up as its stream allows. So is one that takes nothing, whatever the key;
// it keeps next to nothing in memory, and so is one that is paused. One of which some keys alone do
// not get on stays live, and is apart; once what waits for it is more than its share, it is split
// off, and waits as a whole.
//
// Those that are not to be followed are Unfollowed's.
class Router {
 public:
  struct Parts {
    CursorTracker& tracker;
    Dispatcher& dispatcher;
    DeclaredLosses& losses;
    const LeaseGuard& lease;
    Metrics& metrics;
    const Clock& wall;
    const Clock& boottime;
  };
  // Serves the shards `held`.
  Router(const ShardSet& held, StoredState stored, const Parts& parts);

  // Follows what is in `all` and nothing else. `current`: what is not there is gone for good;
  // otherwise, and if it is of a newer epoch, its place is held. `hi`: the highest position read.
  void Update(const std::vector<DestinationConfig>& all, bool current, Position hi);

  // Whether Update() is due again with a current list, though it is the same.
  bool ForgettingIsDue() const { return unfollowed_.IsDue(emptied_through_); }

  // Of what the dispatcher has queued, in bytes as of the last Tend(): all but the changes of
  // destinations that get on.
  std::int64_t idle_bytes() const { return idle_bytes_; }

  // A row that was read live, in order of position.
  void RouteLive(const LogRow& row);

  // Splits off those that are slow, where others would be delayed by them. To be called often; `hi`
  // as above. Time without the lease, in which nothing may be sent, is held against none.
  void Tend(Position hi);

  struct Laggard {
    DestinationId id;
    Position caught_up_to = 0;
    std::int64_t room = 0;  // for bodies of rows, in bytes
  };
  // One of the destinations that catch up and have room for more, each in its turn; nothing if
  // there is none.
  std::optional<Laggard> NextLaggard();
  // Rows of its pool in the positions after it, up to `through`. It joins the others if it comes as
  // far as they are. What the log had to forget is passed over at once.
  void RouteCatchUp(const Laggard& laggard, const LogPage& page, Position through,
                    const GapTracker& gaps);

  // Hands over what was routed since the last call. `read_mark` and `emptied_through` as in
  // CursorTracker.
  void Flush(Position read_mark, Position emptied_through);

  // The log forgot changes after `from`, up to `through`, before they were read: all destinations
  // may have lost some that did not have them before.
  void MarkAllGapped(Position from, Position through);

 private:
  struct Following {
    DestinationConfig config;
    Floors floors;
    std::shared_ptr<OutletLoad> load;
    std::optional<Position> caught_up_to;  // none: live
    bool splitting = false;                // the dispatcher was asked to drop what was not sent
    bool lean = false;                     // nothing was routed since that was done
    bool apart = false;                    // though it is live
    OutletLoad::Backlog backlog;
    // The oldest change on its way, and since when it is that.
    std::optional<Position> oldest;
    absl::Time oldest_since = absl::InfinitePast();
  };

  void Follow(const DestinationConfig& config, Position hi);
  // `off`: it may be turned on again; null: it is gone.
  void Unfollow(std::int32_t pool_number, const DestinationConfig* off);
  void Route(const Following& following, const LogRow& row);
  // It was seen live, and is to be read later.
  static void Skip(Following& following, const LogRow& row);

  // It is paused, or slow while others get on: it takes nothing, or more than its share waits.
  bool ShouldSplit(const Following& following, absl::Time now) const;
  bool OthersGetOn(const Following& following, absl::Time now) const;
  void StartSplit(Following& following, Position hi);
  void FinishSplit(Following& following);
  void PartOrJoin(Following& following, absl::Time now);
  bool IsHeld(const Following& following, absl::Time now) const;
  // Of all destinations that are held, or of all that are not.
  std::int64_t BytesOf(bool held, absl::Time now) const;
  // Of the queue, in bytes: what one that is live, or catches up, may have on its way.
  std::int64_t LiveShare() const;
  std::int64_t LaggardShare() const;
  // Memory that more of its changes may take; 0 or less: none.
  std::int64_t RoomFor(const Following& following, absl::Time now) const;
  void Park(const Following& following, const Event& event, std::string reason);

  const ShardSet held_;
  const Parts parts_;
  EventDecoder decoder_;
  Position emptied_through_;  // what may be gone from the log, as of the last Flush()
  Unfollowed unfollowed_;
  std::map<std::int32_t, Following> by_pool_;
  std::set<std::int32_t> laggards_;  // pool numbers
  std::int32_t last_laggard_ = 0;    // whose turn it was
  std::int64_t held_bytes_ = 0;      // as of the last Tend(), like the next
  std::int64_t idle_bytes_ = 0;
  absl::Time tend_at_ = absl::InfinitePast();
  absl::Time look_at_ = absl::InfinitePast();
  std::vector<Routed> routed_;
  std::vector<NewlyParked> parked_;
  std::vector<CursorTracker::OnItsWay> on_their_way_;
};

}  // namespace tidemark::publisher
