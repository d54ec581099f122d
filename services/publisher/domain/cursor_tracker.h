#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "common/base/owner.h"
#include "services/publisher/domain/floors.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// Where a destination stands in a shard, to be stored.
struct CursorRow {
  DestinationId destination;
  LogShard log_shard;
  Position position = 0;

  friend bool operator==(const CursorRow&, const CursorRow&) = default;
};

// Shards in which a destination begins or ceases to count.
struct Counting {
  DestinationId destination;
  ShardSet shards;

  friend bool operator==(const Counting&, const Counting&) = default;
};

// What to store in one transaction.
struct CursorUpdate {
  // For each shard that is held: everything at or below is settled for all destinations that count
  // there. 0 for the others.
  ShardPositions settled{};
  std::vector<CursorRow> rows;
  std::vector<std::pair<DestinationId, Position>> added;  // not known before, and their start
  std::vector<Counting> joined;                           // count from now on
  std::vector<Counting> left;                             // do not: `rows` say where they stand
  std::vector<DestinationId> retired;  // turned off: the log is not kept for them
  std::vector<DestinationId> resting;  // turned off, and it is kept for them
  std::vector<DestinationId> removed;  // forget them
};

// Knows how far everything is settled in the shards that are held: read, and then for every
// destination delivered, parked or not wanted. A cursor never passes a change on its way, nor an
// open gap.
//
// What is stored is small and rarely written: one settled position per shard, which holds for all
// destinations that count there, and a cursor only for those that are well ahead of it. A
// destination that is apart does not count: it has cursors of its own in every shard, and settled
// positions neither wait for it nor say anything about it. So is one that catches up, and one that
// is slow: it holds nothing up but itself. Once it is as far as the others it joins them.
//
// Safe for concurrent use: the reader's thread tells what is read and for whom, the dispatcher's
// what is settled, and the term's stores. With its lock held it calls nothing. Memory is about 16
// bytes for each change on its way, and some kilobytes for each destination that is apart.
class CursorTracker {
 public:
  // `settled` as stored; reading goes on above `read_mark`. At least one shard is held.
  CursorTracker(const ShardSet& held, const ShardPositions& settled, Position read_mark);

  // Whether the database knows a destination.
  enum class Known { kYes, kNo };
  // A destination that is live: it gets what is read from now on. Or, with `caught_up_to`, one that
  // still catches up: it has read everything up to there, gaps excepted, and is apart. If it is
  // known already, it begins anew.
  void Add(DestinationId id, Floors floors, std::optional<Position> caught_up_to, Known known);
  // One that is in the database and is not served: where it counts, settled positions wait.
  void Hold(DestinationId id, Floors floors);

  void CatchUp(DestinationId id, Position caught_up_to);
  // It is live from now on, and counts as soon as it can.
  void Join(DestinationId id);
  // It is apart from now on, and still live.
  void Part(DestinationId id);
  // It is apart, and has read everything up to `caught_up_to` alone: changes above it were not
  // sent, and will be read again.
  void SplitOff(DestinationId id, Position caught_up_to);
  // It was turned off: once its cursors are stored, it is not known here any more. What it has not
  // got is of no use to it, or is to stay in the log until it is on again.
  enum class Backlog { kFreed, kKept };
  void Retire(DestinationId id, Backlog backlog);
  // One that exists no more, whether it was added or is only in the database.
  void Remove(DestinationId id);

  // Where a change stands in the log.
  struct Place {
    Position position = 0;
    LogShard log_shard;
  };
  // A change on its way to a destination.
  struct OnItsWay {
    DestinationId destination;
    Place place;
  };
  // Takes note of what was read: these changes, and nothing else at or below `read_mark`.
  void Read(std::span<const OnItsWay> changes, Position read_mark);

  // The destination has the changes, or they were parked.
  void Settle(DestinationId id, std::span<const Place> places);

  // The log had to forget everything at or below `through`. Who is past that gets cursors that say
  // so, where settled positions do not: else, after a restart, it would seem to have lost
  // something.
  void Emptied(Position through);

  // What to store now; nothing if the database knows it all. Confirm() once that is committed.
  // kDelivered: of settled positions, those of shards in which something was settled; the others
  // may lag behind, as after a crash nothing would arrive again for their sake.
  enum class Shards { kAll, kDelivered };
  std::optional<CursorUpdate> Take(Shards shards);
  void Confirm(const CursorUpdate& update);

  // Where the destination stands in the shards that are held; 0 in the others.
  ShardPositions Cursors(DestinationId id) const;
  // The oldest change on its way to the destination; nothing if there is none.
  std::optional<Position> OldestOnItsWay(DestinationId id) const;
  // Everything at or below is settled for all that are not apart, stored or not.
  Position Settled() const;
  // Changes on their way.
  std::int64_t size() const;

 private:
  // In a shard where a destination is past what settled positions cover.
  struct Ahead {
    Position highest = 0;  // that a cursor is to reach: of changes settled, or emptied
    Position stored = 0;
    int takes = 0;  // since stored
  };
  struct Destination {
    Floors floors;
    Known known = Known::kYes;
    ShardSet counted;                      // in the database's eyes; within the shards held
    bool apart = false;                    // is to count nowhere
    std::optional<Backlog> retiring;       // apart, and to be forgotten then
    std::optional<Position> caught_up_to;  // none: live
    // Changes on their way: shards without any are left out.
    absl::btree_map<LogShard, absl::btree_set<Position>> changes;
    std::map<LogShard, Ahead> ahead;

    // Whether settled positions of the shard wait for it.
    bool HoldsUp(LogShard shard) const {
      return counted[shard.value()] || (!apart && !caught_up_to.has_value());
    }
  };

  // The following hold the lock.
  Destination* Find(DestinationId id);
  Destination& Begin(DestinationId id, Floors floors, std::optional<Position> caught_up_to,
                     Known known);
  Position ReadFor(const Destination& destination) const;
  Position CursorOf(const Destination& destination, LogShard shard) const;
  Position LeastOf(const ShardPositions& positions) const;
  ShardPositions SettledNow() const;
  void TakeCounting(DestinationId id, Destination& destination, CursorUpdate& update) const;
  void TakeRows(DestinationId id, Destination& destination, CursorUpdate& update) const;
  void NoteAheadOfEmptied(Destination& destination, const ShardPositions& settled) const;
  void NoteAheadAlone(Destination& destination) const;
  void ConfirmRow(const CursorRow& row);

  const ShardSet held_;
  const std::vector<LogShard> shards_;  // those of held_

  mutable std::mutex mutex_;
  ShardPositions stored_{};     // of the shards held; 0 for the others
  ShardPositions delivered_{};  // for each shard, the highest position that Settle() was told
  Position read_mark_;
  Position emptied_through_ = 0;
  std::map<DestinationId, Destination> destinations_;
  std::vector<DestinationId> removed_;
  DestinationId rows_from_;  // whose turn it is to have its cursors taken
};

}  // namespace tidemark::publisher
