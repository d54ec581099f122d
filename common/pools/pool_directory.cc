#include "common/pools/pool_directory.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/errors/error.h"

namespace tidemark::pools {
namespace {

absl::Status NotReady() {
  return errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY,
                       "the identity pools are not known yet; try again");
}

}  // namespace

PoolSnapshot::PoolSnapshot(std::vector<PoolPtr> pools) : pools_(std::move(pools)) {
  std::sort(pools_.begin(), pools_.end(), [](const PoolPtr& a, const PoolPtr& b) {
    return a->identity_pool_id() < b->identity_pool_id();
  });
  by_id_.reserve(pools_.size());
  by_number_.reserve(pools_.size());
  for (const PoolPtr& pool : pools_) {
    by_id_.emplace(pool->identity_pool_id(), &pool);
    by_number_.emplace(pool->pool_number(), &pool);
  }
}

PoolPtr PoolSnapshot::Find(std::string_view pool_id) const {
  const auto found = by_id_.find(pool_id);
  return found == by_id_.end() ? nullptr : *found->second;
}

PoolPtr PoolSnapshot::FindNumber(std::int32_t pool_number) const {
  const auto found = by_number_.find(pool_number);
  return found == by_number_.end() ? nullptr : *found->second;
}

std::vector<PoolPtr>::const_iterator PoolSnapshot::After(std::string_view pool_id) const {
  return std::upper_bound(
      pools_.begin(), pools_.end(), pool_id,
      [](std::string_view id, const PoolPtr& pool) { return id < pool->identity_pool_id(); });
}

PoolDirectory::PoolDirectory(std::function<void()> on_change)
    : on_change_(std::move(on_change)), snapshot_(std::make_shared<const PoolSnapshot>()) {}

absl::Status PoolDirectory::Ready() const {
  const std::lock_guard lock(mutex_);
  return ready_ ? absl::OkStatus() : NotReady();
}

std::shared_ptr<const PoolSnapshot> PoolDirectory::Snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void PoolDirectory::Replace(std::vector<Pool> pools) {
  std::vector<PoolPtr> shared;
  shared.reserve(pools.size());
  for (Pool& pool : pools) shared.push_back(std::make_shared<const Pool>(std::move(pool)));
  Publish(std::make_shared<const PoolSnapshot>(std::move(shared)));
}

void PoolDirectory::Apply(std::vector<Pool> changed, const std::vector<std::string>& deleted_ids) {
  std::map<std::string, PoolPtr> by_id;
  for (const PoolPtr& pool : Snapshot()->pools()) by_id.emplace(pool->identity_pool_id(), pool);
  for (Pool& pool : changed) {
    const std::string id = pool.identity_pool_id();
    by_id[id] = std::make_shared<const Pool>(std::move(pool));
  }
  for (const std::string& id : deleted_ids) by_id.erase(id);
  std::vector<PoolPtr> pools;
  pools.reserve(by_id.size());
  for (auto& [id, pool] : by_id) pools.push_back(std::move(pool));
  Publish(std::make_shared<const PoolSnapshot>(std::move(pools)));
}

void PoolDirectory::Publish(std::shared_ptr<const PoolSnapshot> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    snapshot_.swap(snapshot);  // the old one dies outside of the lock
    ready_ = true;
  }
  if (on_change_) on_change_();
}

}  // namespace tidemark::pools
