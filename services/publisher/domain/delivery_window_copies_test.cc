#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/domain/testing/fixed_random.h"

// Copies of datasets beside changes.
namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using Request = DeliveryWindow::Request;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1000);

Event Change(std::string key, std::int64_t count = 1) {
  Event event;
  event.position = count;
  event.key = std::move(key);
  event.data = std::string(10, 'x');
  event.commit_time = kNow;
  event.change.sync_count = count;
  return event;
}

Event Copy(std::string key, std::int64_t count = 1) {
  static std::uint64_t ticket = 0;
  Event event = Change(std::move(key), count);
  event.position = 0;
  event.commit_time = kNow - absl::Hours(500);
  event.copy = ++ticket;
  return event;
}

class WindowCopiesTest : public ::testing::Test {
 protected:
  std::vector<std::string> NextKeys() {
    const std::optional<Request> request = window_.Next(kNow);
    std::vector<std::string> keys;
    if (!request) return keys;
    last_ = request->id;
    for (const auto& record : request->records) keys.emplace_back(record.key);
    records_ = keys.size();
    return keys;
  }
  DeliveryWindow::Settled Finish(Fault fault = Fault::kNone) {
    SendResult result{.records = std::vector<RecordResult>(records_)};
    for (RecordResult& record : result.records) record.fault = fault;
    return window_.Finish(last_, result, kNow, random_);
  }

  FixedRandom random_;
  DeliveryWindow window_{{.records_per_request = 3,
                          .bytes_per_request = 100,
                          .requests_in_flight = 2,
                          .copy_bytes_per_request = 25}};
  DeliveryWindow::RequestId last_ = 0;
  std::size_t records_ = 0;
};

TEST_F(WindowCopiesTest, ChangesGoFirst) {
  window_.Add(Copy("a"));
  window_.Add(Copy("b"));
  window_.Add(Change("c"));
  EXPECT_THAT(NextKeys(), ElementsAre("c"));
  Finish();
  EXPECT_THAT(NextKeys(), ElementsAre("a", "b"));
  EXPECT_EQ(Finish().delivered.size(), 2U);
  EXPECT_EQ(window_.waiting(), 0);
}

TEST_F(WindowCopiesTest, ACopyThatAChangeWaitsBehindGoesWithTheChanges) {
  window_.Add(Copy("a"));
  window_.Add(Copy("b", 7));
  window_.Add(Change("b", 8));
  EXPECT_THAT(NextKeys(), ElementsAre("b"));
  auto settled = Finish();
  ASSERT_EQ(settled.delivered.size(), 1U);
  EXPECT_TRUE(settled.delivered[0].is_copy()) << "never out of order within a key";
  EXPECT_THAT(NextKeys(), ElementsAre("b"));
  Finish();
  EXPECT_THAT(NextKeys(), ElementsAre("a"));
}

TEST_F(WindowCopiesTest, CopiesLeaveARequestFreeAndTheirRequestsAreSmall) {
  for (const char* key : {"a", "b", "c", "d"}) window_.Add(Copy(key));
  EXPECT_THAT(NextKeys(), ElementsAre("a", "b")) << "25 bytes";
  EXPECT_THAT(NextKeys(), ElementsAre());
  EXPECT_EQ(window_.NextDue(), absl::InfiniteFuture());
  window_.Add(Change("e"));
  EXPECT_EQ(window_.NextDue(), absl::InfinitePast());
  EXPECT_THAT(NextKeys(), ElementsAre("e"));
}

TEST_F(WindowCopiesTest, WhenTheStreamThrottlesCopiesPauseAndChangesDoNot) {
  window_.Add(Copy("a"));
  window_.Add(Copy("b"));
  window_.Add(Copy("c"));
  NextKeys();
  Finish(Fault::kThrottled);
  EXPECT_THAT(NextKeys(), ElementsAre()) << "c too";
  EXPECT_GT(window_.NextDue(), kNow);
  window_.Add(Change("d"));
  EXPECT_THAT(NextKeys(), ElementsAre("d"));
  Finish();
  absl::Time now = kNow;
  std::size_t copies = 0;
  for (int i = 0; i < 3; ++i) {
    now = window_.NextDue();
    if (const auto request = window_.Next(now)) copies += request->records.size();
  }
  EXPECT_GT(now, kNow);
  EXPECT_GT(copies, 0U);
}

TEST_F(WindowCopiesTest, CopiesThatFailedAreSentAgain) {
  window_.Add(Copy("a"));
  NextKeys();
  window_.Finish(last_, {.fault = Fault::kTransient, .error = "no"}, kNow, random_);
  const absl::Time due = window_.NextDue();
  EXPECT_GT(due, kNow);
  EXPECT_TRUE(window_.Next(due).has_value());
}

TEST_F(WindowCopiesTest, CopiesAreNoLag) {
  window_.Add(Copy("a"));
  EXPECT_EQ(window_.OldestCommit(), absl::InfiniteFuture());
  EXPECT_EQ(window_.waiting(), 1);
  EXPECT_EQ(window_.copies(), 1);
  window_.Add(Change("a"));
  EXPECT_EQ(window_.OldestCommit(), kNow);
  EXPECT_EQ(window_.copies(), 1);
  NextKeys();
  Finish();
  EXPECT_EQ(window_.copies(), 0);
  EXPECT_EQ(window_.OldestCommit(), kNow);
}

}  // namespace
}  // namespace tidemark::publisher
