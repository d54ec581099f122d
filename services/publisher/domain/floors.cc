#include "services/publisher/domain/floors.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace tidemark::publisher {

std::vector<LogShard> ShardsOf(const ShardSet& set) {
  std::vector<LogShard> shards;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i]) shards.push_back(LogShard(static_cast<std::uint8_t>(i)));
  }
  return shards;
}

Position Floors::Of(LogShard shard) const {
  Position floor = start;
  if (settled != nullptr && counted[shard.value()]) {
    floor = std::max(floor, (*settled)[shard.value()]);
  }
  const auto row = rows.find(shard);
  return row == rows.end() ? floor : std::max(floor, row->second);
}

Position Floors::Lowest(const ShardSet& held) const {
  std::optional<Position> lowest;
  for (const LogShard shard : ShardsOf(held)) {
    const Position floor = Of(shard);
    lowest = std::min(lowest.value_or(floor), floor);
  }
  return lowest.value_or(start);
}

}  // namespace tidemark::publisher
