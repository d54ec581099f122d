#include "common/base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace tidemark {
namespace {

TEST(ExecutorTest, RunsWorkOnAsManyThreadsAsItHas) {
  std::promise<void> first;
  std::promise<void> second;
  Executor executor(2, 4);  // joins its threads before the promises go
  // Each waits for the other: this ends only if both run at a time.
  ASSERT_TRUE(executor.TryRun([&] {
    first.set_value();
    second.get_future().wait();
  }));
  ASSERT_TRUE(executor.TryRun([&] {
    first.get_future().wait();
    second.set_value();
  }));
}

TEST(ExecutorTest, RefusesWorkWhenTheQueueIsFull) {
  std::atomic<int> ran = 0;
  std::promise<void> running;
  std::promise<void> release;
  {
    Executor executor(1, 2);
    ASSERT_TRUE(executor.TryRun([&] {
      running.set_value();
      release.get_future().wait();
    }));
    running.get_future().wait();
    EXPECT_TRUE(executor.TryRun([&] { ++ran; }));
    EXPECT_TRUE(executor.TryRun([&] { ++ran; }));
    EXPECT_FALSE(executor.TryRun([&] { ran += 100; }));
    release.set_value();
  }
  EXPECT_EQ(ran, 2) << "queued work runs before the destructor returns";
}

TEST(ExecutorTest, TakesWorkFromManyThreads) {
  std::atomic<int> ran = 0;
  {
    Executor executor(3, 4000);
    std::vector<std::thread> producers;
    for (int i = 0; i < 4; ++i) {
      producers.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) EXPECT_TRUE(executor.TryRun([&] { ++ran; }));
      });
    }
    for (std::thread& producer : producers) producer.join();
  }
  EXPECT_EQ(ran, 4000);
}

}  // namespace
}  // namespace tidemark
