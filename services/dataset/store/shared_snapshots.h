#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "services/dataset/store/snapshots.h"

namespace tidemark::dataset {

// Several stores as one that is safe for concurrent use: each call takes one that is free, and
// waits for it if there is none. Give it no more threads than stores.
class SharedSnapshots final : public SnapshotStore {
 public:
  // At least one.
  explicit SharedSnapshots(std::vector<std::unique_ptr<SnapshotStore>> stores);

  absl::StatusOr<SnapshotPage> Read(const std::string& pool_id,
                                    std::span<const LogShard> log_shards,
                                    const SnapshotCursor& after, const SnapshotBounds& bounds,
                                    absl::Time deadline) override;
  absl::StatusOr<FoundSnapshots> Get(const std::string& pool_id,
                                     std::span<const DatasetKey> datasets, std::int64_t max_bytes,
                                     absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Count(const std::string& pool_id, absl::Time deadline) override;

 private:
  class Turn;

  std::vector<std::unique_ptr<SnapshotStore>> stores_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<SnapshotStore*> free_;
};

}  // namespace tidemark::dataset
