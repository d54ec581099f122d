#include "services/publisher/engine/catalogue.h"

#include <utility>

namespace tidemark::publisher {

void Catalogue::Replace(std::vector<DestinationConfig> all, std::set<std::int32_t> pools) {
  for (const DestinationConfig& config : all) pools.insert(config.id.pool_number);
  {
    const std::lock_guard lock(mutex_);
    all_ = std::move(all);
    pools_ = std::move(pools);
  }
  ++version_;
}

void Catalogue::Pause(std::set<std::int32_t> pools) {
  {
    const std::lock_guard lock(mutex_);
    if (pools == paused_) return;
    paused_ = std::move(pools);
  }
  if (version_ > 0) ++version_;
}

bool Catalogue::Exists(std::int32_t pool_number) const {
  const std::lock_guard lock(mutex_);
  return pools_.contains(pool_number);
}

std::vector<DestinationConfig> Catalogue::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<DestinationConfig> all = all_;
  if (paused_.empty()) return all;
  for (DestinationConfig& config : all) config.paused = paused_.contains(config.id.pool_number);
  return all;
}

}  // namespace tidemark::publisher
