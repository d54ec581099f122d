// Parked changes that are sent again, by publishers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;
using Records = std::vector<FakeSender::Record>;

constexpr const char* kPool = "us-east-1:1";

class ReplayTest : public PublisherFixture {
 protected:
  // A change that was parked, of a dataset that has `sync_count` by now.
  void Park(const std::string& identity, std::int64_t sync_count, Position position = 1) {
    ParkedEvent event;
    event.position = position;
    event.pool_id = kPool;
    event.identity_id = identity;
    event.change = {"d", ChangeKind::kUpdate, 1, 1};
    steering_.Park(kDestination, event);
    snapshots_.Set(kPool, identity, "d", sync_count);
  }
  void Replay() { EXPECT_TRUE(steering_.Replay(kPool, {}, absl::InfiniteFuture()).ok()); }
  std::vector<StoredParkedChange> Parked() {
    return steering_.List("", {}, 100, absl::InfiniteFuture())->changes;
  }
  // What arrived for an identity.
  std::vector<std::string> DataOf(const std::string& identity) {
    std::vector<std::string> data;
    for (const FakeSender::Record& record : sender_.Arrived(StreamOf(1))) {
      if (record.key == identity) data.push_back(record.data);
    }
    return data;
  }
};

TEST_F(ReplayTest, WhatTheDatasetHoldsNowIsSentAndTheChangeIsOffTheList) {
  Park("a", 9);
  Park("b", 4, 2);
  const auto instance = Start();
  Replay();
  EXPECT_TRUE(Eventually([this] { return Parked().empty(); }));
  ASSERT_EQ(DataOf("a").size(), 1U);
  EXPECT_THAT(DataOf("a")[0], HasSubstr("9"));
  EXPECT_EQ(DataOf("b").size(), 1U);
}

TEST_F(ReplayTest, WhatIsNotAskedForStays) {
  Park("a", 9);
  Park("b", 4, 2);
  const auto instance = Start();
  EXPECT_TRUE(steering_.Replay(kPool, {2}, absl::InfiniteFuture()).ok());
  EXPECT_TRUE(Eventually([this] { return Parked().size() == 1; }));
  EXPECT_TRUE(DataOf("a").empty());
  EXPECT_EQ(Parked()[0].event.position, 1);
}

TEST_F(ReplayTest, ADatasetThatWasErasedIsOffTheListWithoutBeingSent) {
  ParkedEvent event;
  event.position = 1;
  event.pool_id = kPool;
  event.identity_id = "gone";
  event.change = {"d", ChangeKind::kUpdate, 1, 1};
  steering_.Park(kDestination, event);
  const auto instance = Start();
  Replay();
  EXPECT_TRUE(Eventually([this] { return Parked().empty(); }));
  EXPECT_TRUE(DataOf("gone").empty());
}

TEST_F(ReplayTest, WhatIsRefusedAgainStaysWithTheNewReason) {
  Park("a", 9);
  sender_.SetJudge([](const std::string&, const Records& records) {
    FakeSender::Verdict verdict = FakeSender::Success(records);
    for (RecordResult& record : verdict.result.records) {
      record = {.fault = Fault::kRefused, .error = "not that one"};
    }
    return verdict;
  });
  const auto instance = Start();
  Replay();
  EXPECT_TRUE(Eventually([this] {
    const auto parked = Parked();
    return parked.size() == 1 && !parked[0].replay_time;
  }));
  EXPECT_THAT(Parked()[0].event.reason, HasSubstr("not that one"));
}

TEST_F(ReplayTest, WhileTheDestinationIsPausedReplaysWait) {
  Park("a", 9);
  EXPECT_TRUE(steering_.Pause(1, "", absl::InfiniteFuture()).ok());
  const auto instance = Start();
  Replay();
  ASSERT_TRUE(Eventually([this] { return catalogue_.All()[0].paused; }));
  EXPECT_TRUE(steering_.Resume(1, absl::InfiniteFuture()).ok());
  EXPECT_TRUE(Eventually([this] { return Parked().empty(); }));
  EXPECT_EQ(DataOf("a").size(), 1U);
}

TEST_F(ReplayTest, AnotherPublisherGoesOnWithIt) {
  Park("a", 9);
  sender_.Hold(true);
  auto first = Start();
  Replay();
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  settings_.grace = absl::ZeroDuration();
  first.reset();
  sender_.Hold(false);
  const auto second = Start();
  EXPECT_TRUE(Eventually([this] { return Parked().empty(); }));
  EXPECT_GE(DataOf("a").size(), 1U);
}

}  // namespace
}  // namespace tidemark::publisher
