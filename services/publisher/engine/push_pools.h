#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/publisher/domain/push.h"

namespace tidemark::publisher {

// The pools that have push settings, as the stream configuration service tells. Safe for concurrent
// use.
class PushPools {
 public:
  // By number. Immutable, so that it is shared without locks.
  using Map = absl::flat_hash_map<std::int32_t, PushPool>;

  // All there are: others have none.
  void Replace(std::vector<PushPool> all) {
    auto map = std::make_shared<Map>();
    for (PushPool& pool : all) {
      const std::int32_t number = pool.pool_number;
      map->emplace(number, std::move(pool));
    }
    const std::lock_guard lock(mutex_);
    all_ = std::move(map);
  }

  // Never null.
  std::shared_ptr<const Map> All() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Map> all_ = std::make_shared<Map>();
};

}  // namespace tidemark::publisher
