#include "common/rpc/open_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/time/clock.h"

namespace tidemark::rpc {
namespace {

absl::Time Soon() { return absl::Now() + absl::Milliseconds(5); }
absl::Time Later() { return absl::Now() + absl::Seconds(60); }

TEST(OpenCallsTest, WaitsForTheLastCall) {
  OpenCalls calls;
  EXPECT_TRUE(calls.WaitForNone(Soon()));
  std::optional<OpenCalls::Entry> first = calls.Add();
  std::optional<OpenCalls::Entry> second = calls.Add();
  EXPECT_FALSE(calls.WaitForNone(Soon()));
  first.reset();
  EXPECT_FALSE(calls.WaitForNone(Soon()));
  std::thread ender([&] { second.reset(); });
  EXPECT_TRUE(calls.WaitForNone(Later()));
  ender.join();
}

TEST(OpenCallsTest, AMovedEntryIsOneCall) {
  OpenCalls calls;
  {
    OpenCalls::Entry entry = calls.Add();
    OpenCalls::Entry other;
    other = std::move(entry);
    EXPECT_FALSE(calls.WaitForNone(Soon()));
  }
  EXPECT_TRUE(calls.WaitForNone(Soon()));
}

TEST(OpenCallsTest, StoppingEndsThoseThatAskedForItOnce) {
  OpenCalls calls;
  int ended = 0;
  OpenCalls::Entry watch = calls.Add();
  watch.EndOnStop([&] { ++ended; });
  const OpenCalls::Entry unary = calls.Add();
  {
    OpenCalls::Entry gone = calls.Add();
    gone.EndOnStop([&] { ADD_FAILURE() << "the call was over"; });
  }
  calls.Stop();
  calls.Stop();
  EXPECT_EQ(ended, 1);
}

TEST(OpenCallsTest, ACallThatComesWhileStoppingIsEndedAtOnce) {
  OpenCalls calls;
  calls.Stop();
  bool ended = false;
  OpenCalls::Entry entry = calls.Add();
  entry.EndOnStop([&] { ended = true; });
  EXPECT_TRUE(ended);
}

TEST(OpenCallsTest, StopMayRaceWithCallsThatComeAndGo) {
  OpenCalls calls;
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        // As in a stream: who ends it holds it.
        auto alive = std::make_shared<std::atomic<bool>>(true);
        OpenCalls::Entry entry = calls.Add();
        entry.EndOnStop([&ended, alive] {
          EXPECT_TRUE(*alive);
          ++ended;
        });
      }
    });
  }
  calls.Stop();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(calls.WaitForNone(Later()));
}

}  // namespace
}  // namespace tidemark::rpc
