#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/publisher/domain/cursor_tracker.h"
#include "services/publisher/engine/declared_losses.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// The destinations that are stored and not followed. What may exist holds back settled positions
// where it counts; what is turned off retires; what exists no more is forgotten.
//
// One that is turned off keeps its cursors, so that it can go on from there. If Tidemark did that
// the log is kept for it, too, until that had to forget something that it needs: it rests.
//
// For the reader's thread: the router alone calls it.
class Unfollowed {
 public:
  struct Parts {
    CursorTracker& tracker;
    DeclaredLosses& losses;
    const Clock& boottime;
  };
  Unfollowed(const ShardSet& held, StoredState stored, const Parts& parts)
      : held_(held), stored_(std::move(stored)), parts_(parts) {}

  // Where a destination stands that is to be followed from now on.
  struct Place {
    Floors floors;
    CursorTracker::Known known = CursorTracker::Known::kNo;
  };
  Place Take(const DestinationConfig& config);

  // One that is followed no more, and may be again: it then goes on from where it is.
  void Retire(DestinationId id, CursorTracker::Backlog backlog);

  // The destinations that exist, by pool.
  using Known = std::map<std::int32_t, const DestinationConfig*>;
  // Deals with each by what is known now. `current`: what is not known is gone for good.
  // `emptied_through`: what may be gone from the log.
  void Settle(const Known& known, bool current, Position emptied_through);

  // Whether Settle() is due again, though nothing else is known.
  bool IsDue(Position emptied_through) const;

 private:
  enum class Fate {
    kOff,      // it exists and is not to be served: it retires
    kGone,     // it exists no more: it is forgotten
    kUnknown,  // it may exist
  };
  Fate FateOf(DestinationId id, const DestinationId* known, bool current);
  void SettleOff(const DestinationConfig& config, const StoredDestination& stored,
                 Position emptied_through);
  Floors FloorsOf(const StoredDestination& stored, Position start) const;

  const ShardSet held_;
  StoredState stored_;
  const Parts parts_;
  std::map<DestinationId, absl::Time> absent_;  // named by no list, and since when
  // Turned off, and the log is kept for them: what they need of it is above.
  std::map<DestinationId, Position> resting_;
};

}  // namespace tidemark::publisher
