#pragma once

#include <map>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// Reads a log whose positions commit out of order, without loss, repeats or waiting (design section
// 6). It goes forward by position and remembers the gaps: positions below the highest one read that
// have not been seen. Each poll is one statement with one snapshot, which returns the visible rows
// above hi() and those in gaps(), in order of position.
//
// A gap fills when its transaction commits. It is dead, so that nothing will ever appear in it,
// when a poll does not find it although the snapshot's xmin has reached an xid taken in a
// transaction that began after the gap was seen. This rests on writers that take an xid before a
// position, and that write a dataset's log row under the dataset's lock: the latter keeps the order
// within a dataset.
//
// Pure; for one thread.
class GapTracker {
 public:
  // Everything at or below `start` has been dealt with.
  explicit GapTracker(Position start) : hi_(start) {}

  // What one poll brought.
  struct Poll {
    // Ascending, each above hi() or in a gap.
    std::span<const Position> positions;
    // False: the poll was cut off after the last position, so that it says nothing of what follows.
    bool complete = true;
    // pg_snapshot_xmin of the poll's snapshot.
    Xid xmin = 0;
    // By any clock that does not jump.
    absl::Time time;
  };

  // Takes note of a poll and returns the gaps that it proved dead.
  std::vector<PositionRange> Apply(const Poll& poll);

  // Whether a gap has stayed open long enough, 50 ms, to be worth an xid; most fill sooner. Only
  // cursors wait for it.
  bool WantsProof(absl::Time now) const;

  // `xid` was taken in a transaction that began after the last Apply().
  void AddProof(Xid xid);

  // Xids may begin anew, as in a database that was restored: what was taken says nothing any more,
  // and is asked for again. Does no harm at any time.
  void ForgetProofs();

  // The highest position read.
  Position hi() const { return hi_; }

  // Everything at or below has been read or will never be.
  Position read_mark() const { return gaps_.empty() ? hi_ : gaps_.begin()->first - 1; }

  // The open gaps, ascending. Gaps can be wide: a crash or a restore of the database skips
  // positions.
  std::vector<PositionRange> gaps() const;
  std::size_t gap_count() const { return gaps_.size(); }
  bool InGap(Position position) const;

 private:
  struct Gap {
    Position last = 0;
    absl::Time seen;  // first
    Xid proof = 0;    // its transaction's xid is below; 0: not known
  };
  using Gaps = std::map<Position, Gap>;  // by first position

  void Fill(Position position);
  std::vector<PositionRange> Bury(Position examined, Xid xmin);

  Position hi_;
  Gaps gaps_;
};

}  // namespace tidemark::publisher
