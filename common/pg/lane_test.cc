#include "common/pg/lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/errors/error.h"
#include "common/testing/eventually.h"

namespace tidemark::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SetClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(seconds_); }
  void Set(int seconds) { seconds_ = seconds; }

 private:
  std::atomic<int> seconds_ = 0;
};

// A lane whose first batch stays in flight until it is let go.
class LaneTest : public ::testing::Test {
 protected:
  using Batches = std::vector<std::vector<int>>;

  std::unique_ptr<Lane<int>> MakeLane(const LaneLimits& limits = {}) {
    return std::make_unique<Lane<int>>(
        limits, clock_,
        [this](std::vector<int>& batch) {
          batches_.push_back(batch);
          if (batches_.size() > 1) return;
          began_.set_value();
          go_.get_future().wait();
        },
        [this](int& job, const absl::Status& why) {
          dropped_.push_back(job);
          why_ = why;
        });
  }

  static LaneTicket Ticket(int job, absl::Time deadline = absl::InfiniteFuture()) {
    return {.pool = "pool", .key = std::to_string(job), .deadline = deadline};
  }

  // Written on the lane's thread, read after it was drained.
  Batches batches_;
  std::vector<int> dropped_;
  absl::Status why_;
  std::promise<void> began_, go_;
  SetClock clock_;
};

TEST_F(LaneTest, TheNextBatchGathersWhileOneIsInFlight) {
  const auto lane = MakeLane();
  ASSERT_TRUE(lane->Submit(Ticket(1), 1).ok());
  began_.get_future().wait();
  for (const int job : {2, 3, 4}) ASSERT_TRUE(lane->Submit(Ticket(job), int{job}).ok());
  EXPECT_EQ(lane->queued(), 3u);
  go_.set_value();
  lane->Drain(absl::InfiniteFuture());
  EXPECT_THAT(batches_, ElementsAre(ElementsAre(1), ElementsAre(2, 3, 4)));
}

TEST_F(LaneTest, AJobPastItsDeadlineIsDroppedUnapplied) {
  const auto lane = MakeLane();
  ASSERT_TRUE(lane->Submit(Ticket(1), 1).ok());
  began_.get_future().wait();
  ASSERT_TRUE(lane->Submit(Ticket(2, absl::FromUnixSeconds(10)), 2).ok());
  clock_.Set(10);
  go_.set_value();
  lane->Drain(absl::InfiniteFuture());
  EXPECT_THAT(batches_, ElementsAre(ElementsAre(1)));
  EXPECT_THAT(dropped_, ElementsAre(2));
  EXPECT_EQ(why_.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(LaneTest, AFullQueueSaysSo) {
  const auto lane = MakeLane({.queued_per_pool = 1});
  ASSERT_TRUE(lane->Submit(Ticket(1), 1).ok());
  began_.get_future().wait();
  ASSERT_TRUE(lane->Submit(Ticket(2), 2).ok());
  const absl::Status full = lane->Submit(Ticket(3), 3);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(errors::ReasonOf(full), errors::v1::ERROR_REASON_QUEUE_FULL);
  go_.set_value();
}

TEST_F(LaneTest, AfterTheDrainDeadlineWaitingJobsAreDropped) {
  const auto lane = MakeLane();
  ASSERT_TRUE(lane->Submit(Ticket(1), 1).ok());
  began_.get_future().wait();
  ASSERT_TRUE(lane->Submit(Ticket(2), 2).ok());
  std::thread drain([&] { lane->Drain(absl::FromUnixSeconds(5)); });
  const auto stopping = [&] {
    return errors::ReasonOf(lane->Submit(Ticket(3), 3)) == errors::v1::ERROR_REASON_NOT_READY;
  };
  EXPECT_TRUE(testing::Eventually(stopping));
  clock_.Set(5);
  go_.set_value();
  drain.join();
  EXPECT_THAT(batches_, ElementsAre(ElementsAre(1)));
  EXPECT_EQ(dropped_.front(), 2);
  EXPECT_EQ(errors::ReasonOf(why_), errors::v1::ERROR_REASON_NOT_READY);
}

TEST_F(LaneTest, AnIdleLaneStopsAtOnce) {
  MakeLane()->Drain(absl::InfiniteFuture());
  EXPECT_THAT(batches_, IsEmpty());
}

struct Submission {
  std::size_t submitter;
  std::size_t number;
};

TEST(LaneThreadsTest, ManySubmittersLoseNothingAndKeysKeepTheirOrder) {
  constexpr std::size_t kSubmitters = 8, kKeys = 4, kEach = 2'000;
  std::atomic<int> running = 0;
  std::vector<std::size_t> next(kSubmitters * kKeys, 0);  // by submitter and key
  std::size_t ran = 0, refused = 0, largest = 0;
  std::mutex refused_mutex;
  {
    Lane<Submission> lane(
        {.queued_per_pool = 32, .queued = 128}, SystemClock(),
        [&](std::vector<Submission>& batch) {
          EXPECT_EQ(++running, 1);
          largest = std::max(largest, batch.size());
          for (const auto& [submitter, number] : batch) {
            std::size_t& expected = next[submitter * kKeys + number % kKeys];
            EXPECT_LE(expected, number);  // Refused ones are missing.
            expected = number + 1;
          }
          ran += batch.size();
          --running;
        },
        [](Submission&, const absl::Status&) { ADD_FAILURE() << "dropped"; });
    std::vector<std::thread> submitters;
    for (std::size_t submitter = 0; submitter < kSubmitters; ++submitter) {
      submitters.emplace_back([&, submitter] {
        std::size_t full = 0;
        for (std::size_t number = 0; number < kEach; ++number) {
          const LaneTicket ticket{.pool = std::to_string(submitter % 3),
                                  .key = std::to_string(submitter * kKeys + number % kKeys)};
          if (!lane.Submit(ticket, {submitter, number}).ok()) ++full;
        }
        const std::lock_guard lock(refused_mutex);
        refused += full;
      });
    }
    for (std::thread& submitter : submitters) submitter.join();
  }  // finishes what is queued
  EXPECT_EQ(ran + refused, kSubmitters * kEach);
  EXPECT_LE(largest, 64u);
}

}  // namespace
}  // namespace tidemark::pg
