#include "services/dataset/store/shared_snapshots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tidemark::dataset {
namespace {

// Who is in a store, and a gate that holds them there.
struct Gate {
  void Pass() {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    ++passed;
  }
  void Await(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this, count] { return inside >= count; });
  }
  void Open() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  int passed = 0;
  bool open = false;
};

class GatedStore final : public SnapshotStore {
 public:
  explicit GatedStore(Gate& gate) : gate_(gate) {}

  absl::StatusOr<SnapshotPage> Read(const std::string&, std::span<const LogShard>,
                                    const SnapshotCursor&, const SnapshotBounds&,
                                    absl::Time) override {
    return SnapshotPage{};
  }
  absl::StatusOr<FoundSnapshots> Get(const std::string&, std::span<const DatasetKey>, std::int64_t,
                                     absl::Time) override {
    return FoundSnapshots{};
  }
  absl::StatusOr<std::int64_t> Count(const std::string&, absl::Time) override {
    EXPECT_EQ(users_++, 0) << "one thread at a time";
    gate_.Pass();
    --users_;
    return 0;
  }

 private:
  Gate& gate_;
  std::atomic<int> users_ = 0;
};

TEST(SharedSnapshotsTest, CallsRunSideBySideEachInAStoreOfItsOwn) {
  Gate gate;
  std::vector<std::unique_ptr<SnapshotStore>> stores;
  for (int i = 0; i < 2; ++i) stores.push_back(std::make_unique<GatedStore>(gate));
  SharedSnapshots shared(std::move(stores));
  std::vector<std::thread> callers;
  for (int i = 0; i < 5; ++i) {
    callers.emplace_back(
        [&shared] { EXPECT_TRUE(shared.Count("p", absl::InfiniteFuture()).ok()); });
  }
  gate.Await(2);  // two at once; the others wait for their turn
  gate.Open();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(gate.passed, 5);
}

}  // namespace
}  // namespace tidemark::dataset
