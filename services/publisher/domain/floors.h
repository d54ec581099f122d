#pragma once

#include <array>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/owner.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// A position for each log shard.
using ShardPositions = std::array<Position, kLogShards>;

// The shards of a set, in order.
std::vector<LogShard> ShardsOf(const ShardSet& set);

// What a destination needs no more of: everything at or below Of(shard) was delivered to it,
// parked, or is not wanted, as the database tells when the lease is taken.
struct Floors {
  Position start = 0;  // of its epoch
  // Settled positions, which hold for it in the shards where it counts; null if it counts nowhere.
  std::shared_ptr<const ShardPositions> settled;
  ShardSet counted;
  absl::flat_hash_map<LogShard, Position> rows;  // its cursors, where it has any

  Position Of(LogShard shard) const;
  // Of the shards `held`, of which there is one at least.
  Position Lowest(const ShardSet& held) const;
};

}  // namespace tidemark::publisher
