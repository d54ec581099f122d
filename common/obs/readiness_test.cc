#include "common/obs/readiness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "common/testing/eventually.h"

namespace tidemark::obs {
namespace {

constexpr Readiness::Options kQuick = {.interval = absl::Milliseconds(2),
                                       .retry = absl::Milliseconds(1),
                                       .patience = absl::Seconds(30)};

// Hears changes and waits for them.
class Changes {
 public:
  std::function<void(bool)> Listener() {
    return [this](bool ready) {
      const std::lock_guard lock(mutex_);
      heard_.push_back(ready);
      changed_.notify_all();
    };
  }

  // Waits until the last change was to `ready`; whether it came to that.
  bool Until(bool ready) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30),
                             [&] { return !heard_.empty() && heard_.back() == ready; });
  }

  // The first `count` changes; fewer if they take too long.
  std::vector<bool> Wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return heard_.size() >= count; });
    return heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> heard_;
};

TEST(ReadinessTest, WithoutChecksItIsReadyAtOnce) {
  Changes changes;
  const Readiness readiness({}, kQuick, changes.Listener());
  EXPECT_EQ(changes.Wait(1), std::vector<bool>({true}));
  EXPECT_TRUE(readiness.Now().ready);
}

TEST(ReadinessTest, FollowsItsChecksAndTellsEachChangeOnce) {
  std::atomic<bool> up = false;
  Changes changes;
  const Readiness readiness(
      {{"fine", [] { return absl::OkStatus(); }},
       {"database", [&] { return up ? absl::OkStatus() : absl::UnavailableError("refused"); }}},
      kQuick, changes.Listener());
  EXPECT_FALSE(readiness.Now().ready);
  up = true;
  EXPECT_EQ(changes.Wait(1), std::vector<bool>({true}));
  up = false;
  EXPECT_EQ(changes.Wait(2), std::vector<bool>({true, false}));
  const Readiness::Report report = readiness.Now();
  ASSERT_EQ(report.results.size(), 2u);
  EXPECT_TRUE(report.results[0].status.ok());
  EXPECT_EQ(report.results[1].name, "database");
  EXPECT_EQ(report.results[1].status, absl::UnavailableError("refused"));
}

TEST(ReadinessTest, ACheckThatHangsMeansNotReady) {
  std::atomic<bool> hang = false;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Changes changes;
  Readiness::Options options = kQuick;
  options.patience = absl::Milliseconds(20);
  const Readiness readiness({{"database",
                              [&, released] {
                                if (hang) released.wait();
                                return absl::OkStatus();
                              }}},
                            options, changes.Listener());
  // On a busy machine a check that does not hang may seem to, for a while.
  ASSERT_TRUE(changes.Until(true));
  hang = true;
  EXPECT_TRUE(testing::Eventually([&] {
    return readiness.Now().results[0].status.code() == absl::StatusCode::kDeadlineExceeded;
  }));
  EXPECT_TRUE(changes.Until(false));
  hang = false;
  release.set_value();
  EXPECT_TRUE(changes.Until(true));
}

TEST(ReadinessTest, RefreshDoesNotWaitForTheNextRound) {
  std::atomic<bool> up = false;
  Changes changes;
  Readiness readiness(
      {{"list", [&] { return up ? absl::OkStatus() : absl::UnavailableError("not yet"); }}},
      {.interval = absl::Hours(1), .retry = absl::Hours(1), .patience = absl::Hours(1)},
      changes.Listener());
  up = true;
  readiness.Refresh();
  EXPECT_EQ(changes.Wait(1), std::vector<bool>({true}));
}

TEST(ReadinessTest, AfterStopItIsNeverReadyAgain) {
  Changes changes;
  std::atomic<int> asked = 0;
  Readiness readiness({{"fine",
                        [&] {
                          ++asked;
                          return absl::OkStatus();
                        }}},
                      kQuick, changes.Listener());
  ASSERT_EQ(changes.Wait(1), std::vector<bool>({true}));
  readiness.Stop();
  EXPECT_EQ(changes.Wait(2), std::vector<bool>({true, false}));
  readiness.Refresh();
  readiness.Stop();
  EXPECT_FALSE(readiness.Now().ready);
  EXPECT_EQ(changes.Wait(2).size(), 2u);
}

TEST(ReadinessTest, StopRacesWithRoundsWithoutALateReady) {
  for (int i = 0; i < 200; ++i) {
    std::atomic<bool> last = false;
    Readiness readiness({}, kQuick, [&](bool ready) { last = ready; });
    readiness.Stop();
    EXPECT_FALSE(last);
  }
}

}  // namespace
}  // namespace tidemark::obs
