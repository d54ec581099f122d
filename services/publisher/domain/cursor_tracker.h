#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "common/base/owner.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// A position for each log shard.
using ShardPositions = std::array<Position, kLogShards>;

// What a destination needs no more of: everything at or below Of(shard) was delivered to it,
// parked, or is not wanted, as the database tells when the lease is taken.
struct Floors {
  Position start = 0;  // of its epoch
  // Settled positions of the shards; null for a destination that they did not count.
  std::shared_ptr<const ShardPositions> settled;
  absl::flat_hash_map<LogShard, Position> rows;  // its cursors, where it has any

  Position Of(LogShard shard) const;
  Position Lowest() const;
};

// Where a destination stands in a shard, to be stored.
struct CursorRow {
  DestinationId destination;
  LogShard log_shard;
  Position position = 0;

  friend bool operator==(const CursorRow&, const CursorRow&) = default;
};

// What to store in one transaction.
struct CursorUpdate {
  // For each shard: everything at or below is settled for all destinations that count.
  ShardPositions settled{};
  std::vector<CursorRow> rows;
  std::vector<DestinationId> joined;   // count from now on
  std::vector<DestinationId> removed;  // forget them
};

// Knows how far everything is settled: read, and then for every destination delivered, parked or
// not wanted. A cursor never passes a change on its way, nor an open gap.
//
// What is stored is small and rarely written: one settled position per shard, which holds for all
// destinations that count, and a cursor only for those that are well ahead of it. A destination
// that was learned when the shards had passed its start does not count until it has caught up:
// meanwhile its own cursors say where it is, and settled positions say nothing about it.
//
// Safe for concurrent use; memory is about 16 bytes for each change on its way.
class CursorTracker {
 public:
  // `settled` as stored; reading goes on above `read_mark`.
  CursorTracker(const ShardPositions& settled, Position read_mark);

  // A destination that is live: it gets what is read from now on. Or, with `caught_up_to`, one that
  // still catches up: it has read everything up to there, gaps excepted, and is not live.
  void Add(DestinationId id, Floors floors, std::optional<Position> caught_up_to);
  void CatchUp(DestinationId id, Position caught_up_to);
  void Join(DestinationId id);
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

  // By what is stored, nothing at or below is needed by anyone.
  Position Low() const;
  // Everything at or below is settled, stored or not.
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
    bool counts = false;                   // in the database's eyes
    std::optional<Position> caught_up_to;  // none: live
    // Changes on their way: shards without any are left out.
    absl::btree_map<LogShard, absl::btree_set<Position>> changes;
    std::map<LogShard, Ahead> ahead;
  };

  Position ReadFor(const Destination& destination) const;
  Position CursorOf(const Destination& destination, LogShard shard) const;
  ShardPositions SettledNow() const;
  bool Counts(const Destination& destination, const ShardPositions& settled) const;
  void NoteAheadOfEmptied(Destination& destination, const ShardPositions& settled) const;
  void TakeRows(DestinationId id, Destination& destination, CursorUpdate& update) const;

  mutable std::mutex mutex_;
  ShardPositions stored_;
  ShardPositions delivered_{};  // for each shard, the highest position that Settle() was told
  Position read_mark_;
  Position emptied_through_ = 0;
  std::map<DestinationId, Destination> destinations_;
  std::vector<DestinationId> removed_;
};

}  // namespace tidemark::publisher
