#include "services/dataset/trigger/bulkhead.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidemark::dataset {
namespace {

TEST(BulkheadTest, APoolHasItsPlacesAndNoMoreAndLeavesTheOthersTheirs) {
  Bulkhead bulkhead({.calls_per_pool = 2, .calls = 3});
  auto a1 = bulkhead.Enter("a");
  auto a2 = bulkhead.Enter("a");
  EXPECT_EQ(bulkhead.Enter("a"), nullptr);
  auto b = bulkhead.Enter("b");
  ASSERT_TRUE(a1 && a2 && b);
  EXPECT_EQ(bulkhead.Enter("c"), nullptr);  // all are taken
  a1.reset();
  EXPECT_NE(bulkhead.Enter("a"), nullptr);  // and given back at once
  EXPECT_NE(bulkhead.Enter("c"), nullptr);
}

TEST(BulkheadTest, MemoryIsBoundedForAPoolAndForAll) {
  Bulkhead bulkhead({.bytes_per_pool = 10, .bytes = 15});
  auto a1 = bulkhead.Enter("a");
  auto a2 = bulkhead.Enter("a");
  auto b = bulkhead.Enter("b");
  EXPECT_TRUE(a1->Grow(4));
  EXPECT_TRUE(a1->Grow(4));
  EXPECT_FALSE(a2->Grow(3));
  EXPECT_TRUE(a2->Grow(2));
  EXPECT_FALSE(b->Grow(6));
  EXPECT_TRUE(b->Grow(5));
  a1.reset();
  EXPECT_TRUE(a2->Grow(8));
  EXPECT_FALSE(a2->Grow(1));
}

TEST(BulkheadTest, ManyThreadsNeverHoldMoreThanThereIs) {
  Bulkhead bulkhead({.calls_per_pool = 3, .calls = 4, .bytes_per_pool = 30, .bytes = 40});
  std::atomic<int> held = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&bulkhead, &held, t] {
      for (int i = 0; i < 2000; ++i) {
        const auto place = bulkhead.Enter(t % 2 == 0 ? "a" : "b");
        if (place == nullptr) continue;
        EXPECT_LE(++held, 4);
        EXPECT_TRUE(place->Grow(10));
        --held;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(bulkhead.Enter("a"), nullptr);
}

}  // namespace
}  // namespace tidemark::dataset
