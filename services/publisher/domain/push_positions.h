#pragma once

#include <array>

#include "absl/container/btree_set.h"
#include "common/base/owner.h"
#include "services/publisher/domain/floors.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// How far below what was read a push that waits is remembered in the database, in positions: so
// much of the log whoever takes the shards over reads again at most, before it gets to what streams
// wait for. Of pushes that wait for longer, those still in memory are sent, and a crash loses them.
inline constexpr Position kPushReadBack = 100'000;

// Up to where the pushes of each log shard are dealt with. Pure; for one thread.
class PushPositions {
 public:
  // `pushed` as stored, for the shards that are held; reading goes on above `read_mark`.
  PushPositions(const ShardSet& held, const ShardPositions& pushed, Position read_mark);

  // Whether it was dealt with before these shards were taken.
  bool IsDone(LogShard shard, Position position) const {
    return position <= stored_[shard.value()];
  }
  void Add(LogShard shard, Position position) { waiting_[shard.value()].insert(position); }
  void Remove(LogShard shard, Position position) { waiting_[shard.value()].erase(position); }
  // Everything at or below was read, or will never be.
  void ReadThrough(Position read_mark) { read_mark_ = read_mark; }

  // For each shard that is held: nothing at or below has to be read again. 0 for the others.
  ShardPositions Pushed() const;

 private:
  const ShardSet held_;
  const ShardPositions stored_;
  Position read_mark_;
  std::array<absl::btree_set<Position>, kLogShards> waiting_;
};

}  // namespace tidemark::publisher
