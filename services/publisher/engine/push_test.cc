#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class PushTest : public PublisherFixture {
 protected:
  PushTest() {
    push_pools_.Replace({Pool(1)});
    push_targets_.SetDevices({"phone", "pad"});
  }

  static PushPool Pool(std::int32_t number, std::string role = "role") {
    return {number, absl::StrCat("us-east-1:", number), std::move(role), "external"};
  }
  static TestChange By(std::string device, std::string identity = "a", std::int32_t pool = 1) {
    TestChange change = Change(std::move(identity), pool);
    change.device_id = std::move(device);
    return change;
  }

  // Waits until so many pushes of the pool were sent.
  bool Arrive(std::size_t pushes, std::int32_t pool = 1) {
    return Eventually([&] { return Endpoints(pool).size() >= pushes; });
  }
  std::vector<std::string> Endpoints(std::int32_t pool = 1) const {
    return push_sender_.EndpointsOf(absl::StrCat("us-east-1:", pool));
  }
  // Waits until everything up to `position` is stored as pushed.
  bool IsPushed(Position position) {
    return Eventually([this, position] {
      const StoredState state = leases_.state();
      return std::all_of(state.pushed.begin(), state.pushed.end(),
                         [position](Position pushed) { return pushed >= position; });
    });
  }
  Position LowestPushed() const {
    const StoredState state = leases_.state();
    return *std::min_element(state.pushed.begin(), state.pushed.end());
  }
  static double Pushes(const Instance& instance, const std::string& outcome) {
    for (const prometheus::MetricFamily& family : instance.registry.Collect()) {
      if (family.name != "tidemark_publisher_pushes_total") continue;
      for (const prometheus::ClientMetric& metric : family.metric) {
        if (metric.label.at(0).value == outcome) return metric.counter.value;
      }
    }
    return -1;
  }
};

TEST_F(PushTest, AnIdentitysOtherDevicesAreToldOfAChange) {
  const auto instance = Start();
  TestChange change = By("phone");
  change.sync_count = 17;
  const Position last = Write(change);
  ASSERT_TRUE(Arrive(1));
  EXPECT_TRUE(IsPushed(last));
  EXPECT_TRUE(Settles(last)) << "and so is the stream";
  const auto arrived = push_sender_.Arrived();
  ASSERT_THAT(arrived, SizeIs(1));
  EXPECT_EQ(arrived[0].endpoint_arn, "arn:pad");
  EXPECT_EQ(arrived[0].role_arn, "role");
  EXPECT_THAT(arrived[0].message, HasSubstr(R"(\"identityPoolId\":\"us-east-1:1\")"));
  EXPECT_THAT(arrived[0].message, HasSubstr(R"(\"identityId\":\"a\")"));
  EXPECT_THAT(arrived[0].message, HasSubstr(R"(\"datasetName\":\"prefs\")"));
  EXPECT_THAT(arrived[0].message, HasSubstr(R"(\"syncCount\":\"17\")"));
  EXPECT_EQ(Pushes(*instance, "sent"), 1);
}

TEST_F(PushTest, DeletionsAreToldAndCopiesAreNot) {
  const auto instance = Start();
  TestChange copy = By("phone");
  copy.kind = ChangeKind::kSnapshot;
  log_.Write(copy);
  TestChange deletion = By("");
  deletion.kind = ChangeKind::kDelete;
  deletion.sync_count = 2;
  const Position last = log_.Write(deletion);
  ASSERT_TRUE(IsPushed(last));
  EXPECT_THAT(Endpoints(), UnorderedElementsAre("arn:phone", "arn:pad"));
}

TEST_F(PushTest, PoolsWithoutSettingsArePassedBy) {
  const auto instance = Start();
  const Position last = log_.Write(By("phone", "a", 2));
  ASSERT_TRUE(IsPushed(last));
  EXPECT_THAT(push_targets_.calls(), IsEmpty());
}

TEST_F(PushTest, ChangedSettingsApplyAtOnceAndRemovedOnesEndWhatWaits) {
  push_sender_.SetJudge([](const FakePushSender::Arrival& push) {
    return push.role_arn == "good" ? PushEnd::kSent : PushEnd::kDenied;
  });
  const auto instance = Start();
  Write(By("phone"));
  ASSERT_TRUE(Eventually([&] { return push_sender_.calls() > 0; }));
  push_pools_.Replace({Pool(1, "good")});
  ASSERT_TRUE(Arrive(1)) << "without waiting for the next attempt";
  push_pools_.Replace({Pool(1, "bad")});
  const Position last = Write(By("phone"));
  ASSERT_TRUE(Eventually([&] { return push_sender_.calls() > 2; }));
  EXPECT_FALSE(LowestPushed() >= last);
  push_pools_.Replace({});
  EXPECT_TRUE(IsPushed(last));
  EXPECT_EQ(Pushes(*instance, "abandoned"), 1);
}

TEST_F(PushTest, WhatComesDuringALookupIsAskedTogetherAndToldOnce) {
  const auto instance = Start();
  push_targets_.Hold(true);
  Write(By("phone"));
  ASSERT_TRUE(Eventually([&] { return push_targets_.calls().size() == 1; }));
  Position last = 0;
  for (int i = 0; i < 20; ++i) last = Write(By("phone", "b"));
  Write(By("pad", "c"));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().pushes_waiting == 3; }));
  ASSERT_TRUE(Settles(last)) << "streams do not wait for it";
  push_targets_.Hold(false);
  ASSERT_TRUE(IsPushed(last));
  EXPECT_THAT(Endpoints(), UnorderedElementsAre("arn:pad", "arn:pad", "arn:phone"));
  const auto calls = push_targets_.calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_THAT(calls[1], SizeIs(2));
}

TEST_F(PushTest, AnEndpointThatIsOffIsReportedAndNotTriedAgain) {
  push_sender_.SetJudge([](const FakePushSender::Arrival& push) {
    if (push.endpoint_arn == "arn:pad") return PushEnd::kDisabled;
    return push.endpoint_arn == "arn:watch" ? PushEnd::kGone : PushEnd::kSent;
  });
  push_targets_.SetDevices({"phone", "pad", "watch"});
  const auto instance = Start();
  const Position first = Write(By(""));
  ASSERT_TRUE(IsPushed(first));
  ASSERT_TRUE(Eventually([&] { return push_targets_.reported().size() == 2; }));
  EXPECT_THAT(push_targets_.reported(), ElementsAre(Pair("pad", false), Pair("watch", true)));
  const std::size_t calls = push_sender_.calls();
  const Position last = Write(By(""));
  ASSERT_TRUE(IsPushed(last));
  EXPECT_EQ(push_sender_.calls(), calls + 1);
  EXPECT_EQ(Pushes(*instance, "endpoint_disabled"), 2);
}

TEST_F(PushTest, OnlyTheDeviceThatFailedIsToldAgain) {
  std::atomic<int> failures = 2;
  push_sender_.SetJudge([&failures](const FakePushSender::Arrival& push) {
    if (push.endpoint_arn == "arn:pad" && failures-- > 0) return PushEnd::kTransient;
    return PushEnd::kSent;
  });
  const auto instance = Start();
  const Position last = Write(By(""));
  ASSERT_TRUE(IsPushed(last));
  EXPECT_THAT(Endpoints(), UnorderedElementsAre("arn:phone", "arn:pad"));
  EXPECT_EQ(push_sender_.calls(), 4U);
}

TEST_F(PushTest, WhatIsRefusedIsCountedAndDone) {
  push_sender_.SetJudge([](const auto&) { return PushEnd::kRefused; });
  const auto instance = Start();
  const Position last = Write(By("phone"));
  ASSERT_TRUE(IsPushed(last));
  EXPECT_EQ(Pushes(*instance, "refused"), 1);
}

TEST_F(PushTest, OnePoolsSnsDelaysNeitherAnotherNorStreams) {
  push_pools_.Replace({Pool(1), Pool(2), Pool(3)});
  catalogue_.Replace({Destination(1), Destination(2)});
  push_sender_.SetJudge([](const FakePushSender::Arrival& push) {
    return push.pool_id == "us-east-1:2" ? PushEnd::kThrottled : PushEnd::kSent;
  });
  push_sender_.HoldPool("us-east-1:3");  // it hangs
  const auto instance = Start();
  for (int i = 0; i < 200; ++i) {
    Write(By("phone", absl::StrCat("i", i), 2));
    Write(By("phone", absl::StrCat("i", i), 3));
  }
  for (int i = 0; i < 200; ++i) Write(By("phone", absl::StrCat("i", i), 1));
  EXPECT_TRUE(Arrive(200, 1));
  CheckArrived(1);
  CheckArrived(2);
  EXPECT_THAT(Endpoints(2), IsEmpty());
  push_sender_.HoldPool("");
  EXPECT_TRUE(Arrive(200, 3));
}

TEST_F(PushTest, PushesWaitForThePushServiceAndStreamsDoNot) {
  push_targets_.SetFailure(absl::UnavailableError("away"));
  const auto instance = Start();
  const Position last = Write(By("phone"));
  ASSERT_TRUE(Settles(last));
  ASSERT_TRUE(Eventually([&] { return push_targets_.calls().size() > 1; }));
  EXPECT_LT(LowestPushed(), last);
  push_targets_.SetFailure(absl::OkStatus());
  EXPECT_TRUE(Arrive(1));
  EXPECT_TRUE(IsPushed(last));
}

TEST_F(PushTest, ADatasetThatThePushServiceRefusesHoldsUpNoOther) {
  push_targets_.Refuse("bad");
  push_targets_.Hold(true);
  const auto instance = Start();
  Write(By("phone"));
  ASSERT_TRUE(Eventually([&] { return push_targets_.calls().size() == 1; }));
  for (int i = 0; i < 20; ++i) Write(By("phone", absl::StrCat("i", i)));
  Write(By("phone", "bad"));
  Position last = 0;
  for (int i = 20; i < 40; ++i) last = Write(By("phone", absl::StrCat("i", i)));
  ASSERT_TRUE(Settles(last));
  push_targets_.Hold(false);
  ASSERT_TRUE(IsPushed(last));
  EXPECT_THAT(Endpoints(), SizeIs(41));
  EXPECT_EQ(Pushes(*instance, "refused"), 1);
}

TEST_F(PushTest, WhatWaitedTooLongIsDropped) {
  push_targets_.SetFailure(absl::UnavailableError("away"));
  const auto instance = Start();
  const Position last = Write(By("phone"));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().pushes_waiting == 1; }));
  boottime_.Advance(absl::Minutes(16));
  EXPECT_TRUE(IsPushed(last));
  EXPECT_EQ(Pushes(*instance, "aged"), 1);
}

TEST_F(PushTest, TooManyAreDroppedAndNothingElseSuffers) {
  settings_.push.queue.bytes = 50'000;
  push_targets_.SetFailure(absl::UnavailableError("away"));
  const auto instance = Start();
  for (int i = 0; i < 500; ++i) Write(By("phone", absl::StrCat("i", i)));
  CheckArrived();
  EXPECT_TRUE(Eventually([&] {
    const auto waiting = static_cast<double>(instance->publisher.View().pushes_waiting);
    return waiting < 80 && Pushes(*instance, "overflow") == 500 - waiting;
  }));
}

TEST_F(PushTest, APushThatWaitsIsSentAfterATakeOverAndStreamsGetNothingTwice) {
  push_sender_.SetJudge([](const auto&) { return PushEnd::kTransient; });
  auto instance = Start();
  Write(By("phone"));
  for (int i = 0; i < 50; ++i) Write(By("phone", "b", 2));
  const Position last = Write(By("phone", "c"));
  ASSERT_TRUE(Arrives());
  ASSERT_TRUE(Settles(last));
  leases_.SetFailure(absl::UnavailableError("no database"));  // the crash stores nothing more
  instance.reset();
  leases_.Expire();
  leases_.SetFailure(absl::OkStatus());
  push_sender_.SetJudge(nullptr);
  const std::size_t requests = sender_.requests();
  instance = Start();
  ASSERT_TRUE(Arrive(2));
  EXPECT_TRUE(IsPushed(last));
  EXPECT_EQ(sender_.requests(), requests);
}

TEST_F(PushTest, ATakeOverReadsBackForPushesOnlySoFarAsStreamsCanWait) {
  push_sender_.SetJudge([](const auto&) { return PushEnd::kTransient; });
  auto instance = Start();
  const Position first = Write(By("phone"));
  ASSERT_TRUE(Arrives());
  for (Position i = 0; i < kPushReadBack; ++i) log_.RollBack(log_.Begin(Change("a")));
  const Position last = Write(By("phone", "b"));
  ASSERT_TRUE(Settles(last));
  ASSERT_TRUE(Eventually([&] { return LowestPushed() == last - kPushReadBack; }));
  EXPECT_GE(LowestPushed(), first);
  instance.reset();
  push_sender_.SetJudge(nullptr);
  instance = Start();
  ASSERT_TRUE(IsPushed(last));
  EXPECT_THAT(Endpoints(), SizeIs(1)) << "the first is lost with its process";
}

TEST_F(PushTest, AnOrderlyStopLeavesToTheNextWhatIsNotTold) {
  push_sender_.HoldPool("us-east-1:1");
  auto instance = Start();
  const Position last = Write(By("phone"));
  ASSERT_TRUE(Eventually([&] { return push_sender_.calls() == 1; }));
  instance.reset();
  EXPECT_LT(LowestPushed(), last);
  push_sender_.HoldPool("");
  instance = Start();
  EXPECT_TRUE(IsPushed(last));
  EXPECT_THAT(Endpoints(), SizeIs(2)) << "a repeat, as the answer came too late";
}

TEST_F(PushTest, WhatTheLogForgotBelowAStreamsCursorIsNoGapOfIt) {
  push_targets_.SetFailure(absl::UnavailableError("away"));
  auto instance = Start();
  Write(By("phone"));
  for (int i = 0; i < 20; ++i) Write(By("phone", "b", 2));
  const Position last = Write(Change("b"));
  ASSERT_TRUE(Settles(last));
  instance.reset();
  log_.Empty(last - 2);  // though the lease store does not know
  instance = Start();
  const Position next = Write(By("phone", "d"));
  ASSERT_TRUE(Settles(next));
  const StoredState state = leases_.state();
  EXPECT_EQ(state.destinations.at(kDestination).gapped_through, 0);
}

TEST_F(PushTest, TheLogIsKeptForAPushThatWaits) {
  settings_.low_mark_interval = absl::Milliseconds(5);
  push_targets_.SetFailure(absl::UnavailableError("away"));
  const auto instance = Start();
  const Position first = Write(By("phone"));
  const Position last = Write(Change("b"));
  ASSERT_TRUE(Settles(last));
  EXPECT_LT(leases_.LowMark().value(), first);
  push_targets_.SetFailure(absl::OkStatus());
  EXPECT_TRUE(Eventually([&] {
    const auto marks = neighbours_.low_marks();
    return !marks.empty() && marks.back() == last;
  }));
}

}  // namespace
}  // namespace tidemark::publisher
