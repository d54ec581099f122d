#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "common/pools/pool_directory.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// The destinations that follow from the pools: one for each that has a stream which was ever
// enabled; it may be off now.
std::vector<DestinationConfig> DestinationsOf(const pools::PoolSnapshot& pools);

// The numbers of all pools.
std::set<std::int32_t> PoolNumbersOf(const pools::PoolSnapshot& pools);

}  // namespace tidemark::publisher
