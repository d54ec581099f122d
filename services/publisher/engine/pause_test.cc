// Destinations that operators pause, and what a publisher tells of its destinations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using testing::Eventually;
using ::testing::SizeIs;
using Records = std::vector<FakeSender::Record>;

// The pools 1 and 2 have streams.
class PauseTest : public PublisherFixture {
 protected:
  PauseTest() { catalogue_.Replace({Destination(1), Destination(2)}); }

  void Pause(std::int32_t pool_number = 1) {
    EXPECT_TRUE(steering_.Pause(pool_number, "why", absl::InfiniteFuture()).ok());
  }
  void Resume(std::int32_t pool_number = 1) {
    EXPECT_TRUE(steering_.Resume(pool_number, absl::InfiniteFuture()).ok());
  }
  bool SeesPause(bool paused) {
    return Eventually([this, paused] { return catalogue_.All()[0].paused == paused; });
  }
  // Waits until whatever is read from now on is read with what is known now: the reader learns
  // before each look at the log, and the second of these was read in a later one than the first.
  void ReadOn() {
    for (int i = 0; i < 2; ++i) {
      Write(Change("marker", 2));
      ASSERT_TRUE(Arrives(2));
    }
  }
  std::vector<DestinationReport> Told() {
    std::vector<DestinationReport> reports;
    const auto overview = steering_.Look(std::nullopt, absl::InfiniteFuture());
    for (const Overview::Told& told : overview->reports) {
      reports.push_back(told.report);
    }
    return reports;
  }
  std::size_t ArrivedOf(std::int32_t pool_number) {
    return sender_.Positions(StreamOf(pool_number)).size();
  }
};

TEST_F(PauseTest, APausedDestinationGetsNothingUntilItIsResumedAndThenEverything) {
  const auto instance = Start();
  for (int i = 0; i < 20; ++i) Write(Change(absl::StrCat("i", i % 3)));
  ASSERT_TRUE(Arrives());
  Pause();
  ASSERT_TRUE(SeesPause(true));
  ReadOn();
  for (int i = 0; i < 50; ++i) Write(Change(absl::StrCat("i", i % 3)));
  for (int i = 0; i < 50; ++i) Write(Change(absl::StrCat("i", i % 3), 2));
  CheckArrived(2);
  ReadOn();
  EXPECT_EQ(ArrivedOf(1), 20U);
  boottime_.Advance(61);
  EXPECT_TRUE(Eventually([&] { return instance->publisher.CheckProgress().ok(); }))
      << "it is not the publisher's fault";
  Resume();
  CheckArrived(1);
  EXPECT_EQ(ArrivedOf(1), 70U) << "nothing twice";
  EXPECT_TRUE(Settles(log_.end()));
}

TEST_F(PauseTest, APublisherThatBeginsSendsNothingToAPausedDestination) {
  Pause();
  const auto instance = Start();
  for (int i = 0; i < 20; ++i) Write(Change(absl::StrCat("i", i)));
  ReadOn();
  EXPECT_EQ(ArrivedOf(1), 0U);
  EXPECT_TRUE(catalogue_.All()[0].paused);
  Resume();
  CheckArrived(1);
}

TEST_F(PauseTest, APublisherThatCannotKnowWhatIsPausedDoesNotBegin) {
  Pause();
  steering_.SetFailure(absl::UnavailableError("gone"));
  const auto instance = Start();
  Write(Change("a", 2));
  ASSERT_TRUE(Eventually([this] { return leases_.asked() > 3; }));
  EXPECT_EQ(sender_.requests(), 0U);
  steering_.SetFailure(absl::OkStatus());
  CheckArrived(2);
}

TEST_F(PauseTest, WhilePausesCanNotBeReadTheLastOnesHold) {
  const auto instance = Start();
  Pause();
  ASSERT_TRUE(SeesPause(true));
  ReadOn();
  steering_.SetFailure(absl::UnavailableError("gone"));
  Write(Change("a"));
  ReadOn();
  EXPECT_EQ(ArrivedOf(1), 0U);
  EXPECT_TRUE(catalogue_.All()[0].paused);
}

TEST_F(PauseTest, APauseHoldsWhenTheShardsAreTakenOver) {
  auto first = Start();
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  Pause();
  ASSERT_TRUE(SeesPause(true));
  ReadOn();
  Write(Change("a"));
  first.reset();
  const auto second = Start();
  Write(Change("a"));
  ReadOn();
  EXPECT_EQ(ArrivedOf(1), 1U);
  Resume();
  CheckArrived(1);
  EXPECT_EQ(ArrivedOf(1), 3U);
}

TEST_F(PauseTest, PausingAndResumingUnderLoadLosesAndReordersNothing) {
  sender_.SetJudge([n = 0](const std::string&, const Records& records) mutable {
    return ++n % 5 == 0 ? FakeSender::Failure(Fault::kTransient, n % 2 == 0)
                        : FakeSender::Success(records);
  });
  const auto instance = Start();
  for (int round = 0; round < 10; ++round) {
    Pause();
    for (int i = 0; i < 40; ++i) Write(Change(absl::StrCat("i", i % 11)));
    if (round % 2 == 0) {
      EXPECT_TRUE(SeesPause(true));
    }
    Resume();
    for (int i = 0; i < 40; ++i) Write(Change(absl::StrCat("i", i % 11)));
    if (round % 3 == 0) {
      EXPECT_TRUE(SeesPause(false));
    }
  }
  CheckArrived(1);
  EXPECT_TRUE(Settles(log_.end()));
}

TEST_F(PauseTest, WhatWaitsForAPausedDestinationIsCountedAndTakesNoMemory) {
  const auto instance = Start();
  const auto stats = [&] { return instance->publisher.View().destinations[0].stats; };
  const auto queued = [&] { return instance->Gauge("tidemark_publisher_queued_changes"); };
  Pause();
  ASSERT_TRUE(SeesPause(true));
  ASSERT_TRUE(Eventually([&] { return stats().split_off; }));
  for (int i = 0; i < 300; ++i) Write(Change(absl::StrCat("i", i % 3)));
  EXPECT_TRUE(Eventually([&] { return stats().waiting == 300; }));
  EXPECT_LT(stats().oldest_commit, absl::InfiniteFuture());
  EXPECT_TRUE(Eventually([&] { return queued() == 0; }));
  ASSERT_TRUE(Eventually([this] { return Told().size() == 1; }));
  EXPECT_TRUE(Eventually([this] { return Told()[0].waiting == 300; }));
  EXPECT_TRUE(Told()[0].split_off);
  EXPECT_TRUE(Settles(log_.end())) << "it holds up no other's cursors";
  Resume();
  CheckArrived(1);
  EXPECT_EQ(ArrivedOf(1), 300U) << "nothing twice";
  EXPECT_TRUE(Eventually([&] { return stats().waiting == 0 && !stats().split_off; }));
  EXPECT_TRUE(Eventually([this] { return Told().empty(); }));
}

TEST_F(PauseTest, WhatWasInTheQueueIsCountedAndReadAgain) {
  sender_.SetJudge([](const std::string& stream, const Records& records) {
    return stream == StreamOf(1) ? FakeSender::Failure(Fault::kThrottled)
                                 : FakeSender::Success(records);
  });
  const auto instance = Start();
  const auto stats = [&] { return instance->publisher.View().destinations[0].stats; };
  for (int i = 0; i < 100; ++i) Write(Change(absl::StrCat("i", i % 3)));
  ASSERT_TRUE(Eventually([&] { return stats().waiting == 100; }));
  Pause();
  ASSERT_TRUE(SeesPause(true));
  EXPECT_TRUE(Eventually([&] { return stats().split_off; }));
  EXPECT_EQ(stats().waiting, 100);
  EXPECT_LT(stats().oldest_commit, absl::InfiniteFuture());
  sender_.SetJudge(nullptr);
  Resume();
  CheckArrived(1);
}

TEST_F(PauseTest, ADestinationThatFailsIsTold) {
  sender_.SetJudge([](const std::string& stream, const Records& records) {
    return stream == StreamOf(1) ? FakeSender::Failure(Fault::kTransient)
                                 : FakeSender::Success(records);
  });
  const auto instance = Start();
  Write(Change("a"));
  Write(Change("a", 2));
  ASSERT_TRUE(Eventually([this] { return !Told().empty(); }));
  const auto told = Told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].destination, kDestination);
  EXPECT_EQ(told[0].waiting, 1);
  EXPECT_LT(told[0].oldest_commit, absl::InfiniteFuture());
  EXPECT_EQ(told[0].last_error, "the fake says no");
  sender_.SetJudge(nullptr);
  EXPECT_TRUE(Eventually([this] { return Told().empty(); })) << "up to date: nothing to tell";
}

TEST_F(PauseTest, WhatWasToldIsTakenBackThoughTheAnswerWasLost) {
  steering_.LoseReportAnswers();
  sender_.SetJudge([](const std::string& stream, const Records& records) {
    return stream == StreamOf(1) ? FakeSender::Failure(Fault::kTransient)
                                 : FakeSender::Success(records);
  });
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Eventually([this] { return Told().size() == 1; }));
  sender_.SetJudge(nullptr);
  EXPECT_TRUE(Eventually([this] { return Told().empty(); }));
}

TEST_F(PauseTest, WhatIsParkedNowIsCounted) {
  const auto instance = Start();
  ParkedEvent event;
  event.position = 7;
  event.pool_id = "us-east-1:1";
  steering_.Park(kDestination, event);
  EXPECT_TRUE(
      Eventually([&] { return instance->Gauge("tidemark_publisher_parked_changes") == 1; }));
  ASSERT_TRUE(steering_.Discard("us-east-1:1", {}, absl::InfiniteFuture()).ok());
  EXPECT_TRUE(
      Eventually([&] { return instance->Gauge("tidemark_publisher_parked_changes") == 0; }));
}

TEST_F(PauseTest, WhatConcernsAPoolThatWasDeletedIsForgotten) {
  ParkedEvent event;
  event.position = 7;
  for (const std::int32_t pool : {1, 3, 4}) {  // 3 was deleted while no publisher ran
    event.pool_id = absl::StrCat("us-east-1:", pool);
    steering_.Park({pool, 1}, event);
    Pause(pool);
  }
  catalogue_.Replace({Destination(1), Destination(2)}, {4});
  const auto instance = Start();
  const auto parked = [&] { return instance->Gauge("tidemark_publisher_parked_changes"); };
  ASSERT_TRUE(Eventually([&] { return parked() == 3; }));
  catalogue_current_ = false;
  boottime_.Advance(120);
  ReadOn();
  EXPECT_EQ(parked(), 3) << "the list may be old";
  catalogue_current_ = true;
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(10);
    return parked() == 2;
  }));
  const auto overview = steering_.Look(std::nullopt, absl::InfiniteFuture());
  EXPECT_EQ(overview->pauses.count(3), 0U);
  EXPECT_EQ(overview->pauses.count(4), 1U) << "a pool without a stream";
  catalogue_.Replace({Destination(2)}, {4});
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(10);
    return parked() == 1;
  }));
}

}  // namespace
}  // namespace tidemark::publisher
