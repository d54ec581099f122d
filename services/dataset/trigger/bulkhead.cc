#include "services/dataset/trigger/bulkhead.h"

namespace tidemark::dataset {

Bulkhead::Place::~Place() {
  const std::lock_guard lock(bulkhead_.mutex_);
  const auto pool = bulkhead_.pools_.find(pool_);
  for (Use* const use : {&bulkhead_.all_, &pool->second}) {
    use->calls -= 1;
    use->bytes -= bytes_;
  }
  if (pool->second.calls == 0) bulkhead_.pools_.erase(pool);
}

bool Bulkhead::Place::Grow(std::int64_t bytes) {
  const std::lock_guard lock(bulkhead_.mutex_);
  Use& pool = bulkhead_.pools_.at(pool_);
  Use& all = bulkhead_.all_;
  if (pool.bytes + bytes > bulkhead_.limits_.bytes_per_pool ||
      all.bytes + bytes > bulkhead_.limits_.bytes) {
    return false;
  }
  pool.bytes += bytes;
  all.bytes += bytes;
  bytes_ += bytes;
  return true;
}

std::unique_ptr<Bulkhead::Place> Bulkhead::Enter(const std::string& pool) {
  const std::lock_guard lock(mutex_);
  const auto found = pools_.find(pool);
  if (all_.calls >= limits_.calls ||
      (found != pools_.end() && found->second.calls >= limits_.calls_per_pool)) {
    return nullptr;
  }
  pools_[pool].calls += 1;
  all_.calls += 1;
  return std::unique_ptr<Place>(new Place(*this, pool));
}

}  // namespace tidemark::dataset
