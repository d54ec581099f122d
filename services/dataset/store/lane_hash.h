#pragma once

#include <cstdint>

#include "common/base/owner.h"

namespace tidemark::dataset {

// Spreads identities over lanes: by the bits above the log shard's, as shards and lanes have
// nothing to do with each other.
inline std::uint64_t LaneHash(Owner owner) {
  return static_cast<std::uint64_t>(owner.value()) >> 8;
}

}  // namespace tidemark::dataset
