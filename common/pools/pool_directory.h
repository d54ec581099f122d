#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "tidemark/stream_config/v1/pool.pb.h"

// The identity pools, as every service but their own knows them: a copy in memory, kept up by
// PoolWatch. Free of gRPC.
namespace tidemark::pools {

using stream_config::v1::Pool;
using PoolPtr = std::shared_ptr<const Pool>;

// All pools at one moment. Immutable, so it is shared without locks.
class PoolSnapshot {
 public:
  PoolSnapshot() = default;
  explicit PoolSnapshot(std::vector<PoolPtr> pools);

  PoolSnapshot(const PoolSnapshot&) = delete;
  PoolSnapshot& operator=(const PoolSnapshot&) = delete;

  // Null if there is no such pool.
  PoolPtr Find(std::string_view pool_id) const;
  PoolPtr FindNumber(std::int32_t pool_number) const;

  // In order of id (bytes).
  const std::vector<PoolPtr>& pools() const { return pools_; }
  // Where the pools with ids above `pool_id` begin.
  std::vector<PoolPtr>::const_iterator After(std::string_view pool_id) const;

 private:
  std::vector<PoolPtr> pools_;
  std::unordered_map<std::string_view, const PoolPtr*> by_id_;  // into pools_
  std::unordered_map<std::int32_t, const PoolPtr*> by_number_;
};

// The current snapshot. Lookups are cheap enough for every request: a lock held for the copy of a
// pointer. Safe for concurrent use, with one thread that writes. Tests fill it themselves.
class PoolDirectory {
 public:
  // `on_change` is called after each change, without locks, by whoever made it; it must not block.
  explicit PoolDirectory(std::function<void()> on_change = nullptr);

  PoolDirectory(const PoolDirectory&) = delete;
  PoolDirectory& operator=(const PoolDirectory&) = delete;

  // Whether all pools were ever known; once they are, it stays so. UNAVAILABLE with NOT_READY
  // before.
  absl::Status Ready() const;

  // Never null; empty before Ready().
  std::shared_ptr<const PoolSnapshot> Snapshot() const;
  // Null if there is no such pool.
  PoolPtr Find(std::string_view pool_id) const { return Snapshot()->Find(pool_id); }

  // These are all pools.
  void Replace(std::vector<Pool> pools);
  // These are new or changed, or gone.
  void Apply(std::vector<Pool> changed, const std::vector<std::string>& deleted_ids);

 private:
  void Publish(std::shared_ptr<const PoolSnapshot> snapshot);

  const std::function<void()> on_change_;
  mutable std::mutex mutex_;
  std::shared_ptr<const PoolSnapshot> snapshot_;
  bool ready_ = false;
};

}  // namespace tidemark::pools
