#include "services/dataset/store/shared_snapshots.h"

#include <utility>

namespace tidemark::dataset {

// A store, taken for one call.
class SharedSnapshots::Turn {
 public:
  explicit Turn(SharedSnapshots& shared) : shared_(shared) {
    std::unique_lock lock(shared_.mutex_);
    shared_.freed_.wait(lock, [this] { return !shared_.free_.empty(); });
    store_ = shared_.free_.back();
    shared_.free_.pop_back();
  }
  ~Turn() {
    {
      const std::lock_guard lock(shared_.mutex_);
      shared_.free_.push_back(store_);
    }
    shared_.freed_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  SnapshotStore* operator->() const { return store_; }

 private:
  SharedSnapshots& shared_;
  SnapshotStore* store_;
};

SharedSnapshots::SharedSnapshots(std::vector<std::unique_ptr<SnapshotStore>> stores)
    : stores_(std::move(stores)) {
  for (const auto& store : stores_) free_.push_back(store.get());
}

absl::StatusOr<SnapshotPage> SharedSnapshots::Read(const std::string& pool_id,
                                                   std::span<const LogShard> log_shards,
                                                   const SnapshotCursor& after,
                                                   const SnapshotBounds& bounds,
                                                   absl::Time deadline) {
  return Turn(*this)->Read(pool_id, log_shards, after, bounds, deadline);
}

absl::StatusOr<FoundSnapshots> SharedSnapshots::Get(const std::string& pool_id,
                                                    std::span<const DatasetKey> datasets,
                                                    std::int64_t max_bytes, absl::Time deadline) {
  return Turn(*this)->Get(pool_id, datasets, max_bytes, deadline);
}

absl::StatusOr<std::int64_t> SharedSnapshots::Count(const std::string& pool_id,
                                                    absl::Time deadline) {
  return Turn(*this)->Count(pool_id, deadline);
}

}  // namespace tidemark::dataset
