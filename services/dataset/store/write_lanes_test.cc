#include "services/dataset/store/write_lanes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "services/dataset/store/memory_store.h"

namespace tidemark::dataset {
namespace {

// Lets a store shared by all lanes be owned by each.
class SharedStore final : public UpdateStore {
 public:
  explicit SharedStore(MemoryStore& store) : store_(store) {}
  std::vector<UpdateOutcome> Update(std::span<const UpdateRequest* const> requests,
                                    absl::Time deadline) override {
    return store_.Update(requests, deadline);
  }

 private:
  MemoryStore& store_;
};

// Counts callbacks and waits for them.
class Tally {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void WaitFor(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

class WriteLanesTest : public ::testing::Test {
 protected:
  WriteLanes Make(const pg::LaneLimits& limits = {}) {
    std::vector<std::unique_ptr<UpdateStore>> stores;
    for (int i = 0; i < 2; ++i) stores.push_back(std::make_unique<SharedStore>(store_));
    return {std::move(stores), limits, SystemClock(), metrics_};
  }

  static UpdateRequest Request(int identity, const std::string& key, std::uint64_t id) {
    UpdateRequest request;
    request.dataset = {IdentityKey::Of("r:0a", "r:" + std::to_string(identity)), "d"};
    request.patches.push_back({key, "v", SyncCount(0), std::nullopt});
    request.identity = {{id, 0}, {id, 1}};
    return request;
  }

  MemoryStore store_{SystemClock()};
  prometheus::Registry registry_;
  LaneMetrics metrics_{registry_};
};

TEST_F(WriteLanesTest, EveryUpdateOfManyThreadsIsAnsweredOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::atomic<int> applied = 0;
  Tally answered;
  {
    WriteLanes lanes = Make({.queued_per_pool = 10'000, .queued = 10'000});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const int id = t * kEach + i;
          lanes.Submit(Request(i % 7, "k" + std::to_string(id), id), absl::InfiniteFuture(),
                       [&](const UpdateRequest&, const UpdateOutcome& outcome) {
                         applied += std::holds_alternative<Applied>(outcome) ? 1 : 0;
                         answered.Add();
                       });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    answered.WaitFor(kThreads * kEach);
  }
  EXPECT_EQ(applied, kThreads * kEach);
  EXPECT_EQ(store_.Log().size(), static_cast<std::size_t>(kThreads * kEach));
}

TEST_F(WriteLanesTest, AFullQueueRefusesAndGivesTheRequestBack) {
  std::mutex hold;
  Tally answered;
  hold.lock();
  absl::Status refused;
  {
    WriteLanes lanes = Make({.queued_per_pool = 1, .queued = 1});
    Tally blocked;
    // The first blocks its lane's thread in its callback.
    lanes.Submit(Request(1, "a", 1), absl::InfiniteFuture(),
                 [&](const UpdateRequest&, const UpdateOutcome&) {
                   blocked.Add();
                   const std::lock_guard lock(hold);
                 });
    blocked.WaitFor(1);
    lanes.Submit(Request(1, "b", 2), absl::InfiniteFuture(),
                 [&](const UpdateRequest&, const UpdateOutcome&) { answered.Add(); });
    lanes.Submit(Request(1, "c", 3), absl::InfiniteFuture(),
                 [&](const UpdateRequest& request, const UpdateOutcome& outcome) {
                   EXPECT_EQ(request.patches[0].key, "c");
                   refused = std::get<absl::Status>(outcome);
                 });
    hold.unlock();
    answered.WaitFor(1);
  }
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_QUEUE_FULL);
}

TEST_F(WriteLanesTest, ManySmallPatchesCountForTheMemoryTheyTake) {
  UpdateRequest request = Request(1, "a", 1);
  for (int i = 0; i < 65'536; ++i) request.patches.push_back({"k", std::nullopt, SyncCount(0)});
  request.limits.keys_per_dataset = 70'000;
  Tally answered;
  absl::Status refused;
  WriteLanes lanes = Make({.queued_memory = 16 * kMiB});
  lanes.Submit(std::move(request), absl::InfiniteFuture(),
               [&](const UpdateRequest&, const UpdateOutcome& outcome) {
                 if (const auto* status = std::get_if<absl::Status>(&outcome)) refused = *status;
                 answered.Add();
               });
  answered.WaitFor(1);
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_QUEUE_FULL);
}

TEST_F(WriteLanesTest, WhatCanOnlyPassALimitTakesNoTurn) {
  UpdateRequest request = Request(1, "a", 1);
  for (int i = 0; i < 1024; ++i) {
    request.patches.push_back({"k" + std::to_string(i), "v", SyncCount(0), std::nullopt});
  }
  const UpdateRequest* const pointer = &request;
  const UpdateOutcome of_store = store_.Update({&pointer, 1}, absl::InfiniteFuture()).front();
  WriteLanes lanes = Make({.queued = 0});
  bool refused = false;
  lanes.Submit(request, absl::InfiniteFuture(),
               [&](const UpdateRequest& back, const UpdateOutcome& outcome) {
                 refused = back.patches.size() == 1025 && outcome == of_store;
               });
  EXPECT_TRUE(refused);
}

TEST_F(WriteLanesTest, WhatWaitsIsCounted) {
  Tally answered;
  {
    WriteLanes lanes = Make({.queued_per_pool = 1, .queued = 1});
    for (int i = 0; i < 100; ++i) {
      lanes.Submit(Request(1, "k" + std::to_string(i), i), absl::InfiniteFuture(),
                   [&](const UpdateRequest&, const UpdateOutcome&) { answered.Add(); });
    }
    answered.WaitFor(100);
  }
  double waiting = -1;
  for (const auto& family : registry_.Collect()) {
    if (family.name == "tidemark_dataset_queued_updates") {
      waiting = family.metric.front().gauge.value;
    }
  }
  EXPECT_EQ(waiting, 0);
}

TEST_F(WriteLanesTest, AnUpdatePastItsDeadlineIsDroppedUnapplied) {
  Tally answered;
  absl::Status late;
  WriteLanes lanes = Make();
  lanes.Submit(Request(1, "a", 1), absl::Now() - absl::Seconds(1),
               [&](const UpdateRequest&, const UpdateOutcome& outcome) {
                 late = std::get<absl::Status>(outcome);
                 answered.Add();
               });
  answered.WaitFor(1);
  EXPECT_EQ(errors::ReasonOf(late), errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_TRUE(store_.Log().empty());
}

}  // namespace
}  // namespace tidemark::dataset
