#include "services/publisher/engine/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/publisher/engine/off_reasons.h"
#include "services/publisher/engine/stop_flag.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using PublisherTest = PublisherFixture;
using Records = std::vector<FakeSender::Record>;

TEST_F(PublisherTest, DeliversWhatIsCommittedAndStoresHowFar) {
  const auto instance = Start();
  for (int i = 0; i < 500; ++i) Write(Change(absl::StrCat("i", i % 7)));
  CheckArrived();
  EXPECT_TRUE(Settles(500));
  EXPECT_THAT(sender_.Positions(StreamOf(1)), SizeIs(500));
  EXPECT_TRUE(instance->publisher.CheckLease().ok());
  EXPECT_TRUE(instance->publisher.CheckProgress().ok());
}

TEST_F(PublisherTest, ARestartSendsNothingAgainThatWasStored) {
  auto instance = Start();
  for (int i = 0; i < 50; ++i) Write(Change("a"));
  ASSERT_TRUE(Arrives());
  instance.reset();  // an orderly stop stores everything
  const std::size_t before = sender_.requests();
  instance = Start();
  const Position last = Write(Change("a"));
  CheckArrived();
  EXPECT_EQ(sender_.requests(), before + 1);
  EXPECT_EQ(sender_.Positions(StreamOf(1)).back(), last);
}

TEST_F(PublisherTest, ChangesOfPoolsWithoutStreamAreSettledAndNotSent) {
  const auto instance = Start();
  Write(Change("a", 2));
  const Position last = Write(Change("a", 1));
  EXPECT_TRUE(Settles(last));
  EXPECT_THAT(sender_.Positions(StreamOf(1)), ElementsAre(last));
  EXPECT_EQ(sender_.requests(), 1U);
}

TEST_F(PublisherTest, OrderHoldsUnderPartialAndWholeFailuresAndLostAnswers) {
  std::atomic<int> calls = 0;
  sender_.SetJudge([&calls](const std::string&, const Records& records) {
    const int call = ++calls;
    if (call % 7 == 0) return FakeSender::Failure(Fault::kThrottled);
    if (call % 5 == 0) return FakeSender::Failure(Fault::kTransient, /*arrives=*/true);
    FakeSender::Verdict verdict = FakeSender::Success(records);
    for (std::size_t i = static_cast<std::size_t>(call) % 3; i < records.size(); i += 3) {
      verdict.result.records[i] = {Fault::kTransient, "partial"};
    }
    return verdict;
  });
  const auto instance = Start();
  for (int i = 0; i < 60; ++i) Write(Change(absl::StrCat("i", i % 5)));
  CheckArrived();
  EXPECT_TRUE(Settles(60));
}

TEST_F(PublisherTest, WhatACrashLeftUnstoredArrivesAgainInOrder) {
  auto instance = Start();
  for (int i = 0; i < 40; ++i) Write(Change(absl::StrCat("i", i % 3)));
  ASSERT_TRUE(Arrives());
  ASSERT_TRUE(Settles(40));
  leases_.SetFailure(absl::UnavailableError("no database"));  // the crash stores nothing more
  for (int i = 0; i < 40; ++i) Write(Change(absl::StrCat("i", i % 3)));
  ASSERT_TRUE(Arrives());
  instance.reset();
  leases_.Expire();
  leases_.SetFailure(absl::OkStatus());
  const std::size_t before = sender_.Positions(StreamOf(1)).size();
  instance = Start();
  Write(Change("i0"));
  CheckArrived();
  EXPECT_EQ(sender_.Positions(StreamOf(1)).size(), before + 41) << "all that was not stored, once";
}

TEST_F(PublisherTest, GapsFillInOrRollBackWithoutHoldingUpOthers) {
  const auto instance = Start();
  const TestChange slow = Change("slow");
  const Position open = log_.Begin(slow);
  const Position doomed = log_.Begin(slow);
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  EXPECT_TRUE(Eventually([&] { return instance->publisher.View().open_gaps == 1; }));
  EXPECT_FALSE(leases_.state().settled[0] >= open) << "a cursor never passes an open gap";
  log_.Commit(open);
  Note(open, slow);
  log_.RollBack(doomed);
  CheckArrived();
  EXPECT_TRUE(Settles(3));
  EXPECT_EQ(instance->publisher.View().open_gaps, 0U);
}

TEST_F(PublisherTest, APoisonedRecordIsParkedAndItsNeighboursArrive) {
  const auto poison = std::make_shared<std::atomic<Position>>(0);
  sender_.SetJudge([poison](const std::string&, const Records& records) {
    for (const auto& record : records) {
      if (record.position == *poison) return FakeSender::Failure(Fault::kRefused);
    }
    return FakeSender::Success(records);
  });
  *poison = 25;
  for (int i = 1; i <= 50; ++i) {
    const TestChange change = Change(absl::StrCat("i", i));
    if (i == 25) {
      log_.Write(change);
    } else {
      Write(change);
    }
  }
  const auto instance = Start();
  CheckArrived();
  EXPECT_TRUE(Settles(50));
  EXPECT_EQ(leases_.state().destinations.at(kDestination).parked, 1);
}

TEST_F(PublisherTest, AMissingStreamIsTurnedOffOnlyOnceItIsKnownToBeGone) {
  sender_.SetState(StreamState::kNotYet);
  sender_.SetJudge([](const std::string&, const Records&) {
    return FakeSender::Failure(Fault::kStreamMissing);
  });
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Eventually([this] { return sender_.requests() >= 2; }));
  EXPECT_THAT(neighbours_.turned_off(), IsEmpty());
  sender_.SetState(StreamState::kMissing);
  ASSERT_TRUE(Eventually([this] { return !neighbours_.turned_off().empty(); }));
  EXPECT_EQ(neighbours_.turned_off()[0].first, kDestination);
  EXPECT_THAT(neighbours_.turned_off()[0].second, HasSubstr("stream-1 does not exist. Create it"));
  catalogue_.Replace({});  // as the stream configuration service answers
  EXPECT_TRUE(Settles(1));
}

TEST_F(PublisherTest, AStreamIsTurnedOffWhoseRoleRefuses) {
  DestinationConfig destination = Destination();
  destination.role_arn = "arn:aws:iam::1:role/r";
  destination.external_id = "0af";
  catalogue_.Replace({destination});
  sender_.SetJudge(
      [](const std::string&, const Records&) { return FakeSender::Failure(Fault::kRoleRefused); });
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Eventually([this] { return !neighbours_.turned_off().empty(); }));
  EXPECT_EQ(neighbours_.turned_off()[0].first, kDestination);
  EXPECT_EQ(neighbours_.turned_off()[0].second, RoleRefusedReason(destination));
  EXPECT_EQ(sender_.looks(), 0U);
  EXPECT_EQ(sender_.forgotten(), 0U);
  catalogue_.Replace({});  // as the stream configuration service answers
  EXPECT_TRUE(Eventually([this] { return sender_.forgotten() == 1; }));
}

TEST_F(PublisherTest, ADestinationLearnedLateGetsWhatItMissedInOrder) {
  catalogue_.Replace({});
  log_.SetPageRows(10);
  settings_.follower.catch_up_positions = 25;
  const auto instance = Start();
  for (int i = 0; i < 200; ++i) Write(Change(absl::StrCat("i", i % 5)));
  const TestChange slow = Change("slow");
  const Position open = log_.Begin(slow);
  for (int i = 0; i < 50; ++i) Write(Change(absl::StrCat("i", i % 5)));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().read_position == 251; }));
  ASSERT_TRUE(Settles(200));
  catalogue_.Replace({Destination()});
  for (int i = 0; i < 100; ++i) Write(Change(absl::StrCat("i", i % 5)));
  log_.Commit(open);
  Note(open, slow);
  CheckArrived();
  EXPECT_THAT(sender_.Positions(StreamOf(1)), SizeIs(351)) << "nothing twice";
  EXPECT_TRUE(Settles(351));
  EXPECT_TRUE(
      Eventually([this] { return leases_.state().destinations[kDestination].counted.all(); }));
}

TEST_F(PublisherTest, TakingOverWithAnOldListKeepsThePlaceOfWhatIsNotInIt) {
  auto instance = Start();
  for (int i = 0; i < 10; ++i) Write(Change("a"));
  ASSERT_TRUE(Arrives());
  ASSERT_TRUE(
      Eventually([this] { return leases_.state().destinations[kDestination].counted.all(); }));
  instance.reset();
  catalogue_current_ = false;
  catalogue_.Replace({});
  instance = Start();
  for (int i = 0; i < 5; ++i) Write(Change("a"));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().read_position == 15; }));
  catalogue_.Replace({Destination()});
  catalogue_current_ = true;
  CheckArrived();
  EXPECT_TRUE(Settles(15));
  EXPECT_THAT(sender_.Positions(StreamOf(1)), SizeIs(15)) << "nothing twice";
  instance.reset();
  catalogue_.Replace({});
  instance = Start();
  const Position last = Write(Change("b", 2));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().read_position == last; }));
  EXPECT_TRUE(leases_.state().destinations.contains(kDestination)) << "a list may be an old one";
  EXPECT_TRUE(Eventually([this] {
    boottime_.Advance(61);
    return leases_.state().destinations.empty();
  })) << "it is gone";
}

TEST_F(PublisherTest, ADestinationGetsNothingFromBeforeItsStart) {
  for (int i = 0; i < 10; ++i) log_.Write(Change("a"));
  catalogue_.Replace({Destination(1, 1, /*start=*/10)});
  const auto instance = Start();
  const Position first = Write(Change("a"));
  CheckArrived();
  EXPECT_THAT(sender_.Positions(StreamOf(1)), ElementsAre(first));
}

TEST_F(PublisherTest, ADestinationThatIsTurnedOffHoldsUpNothing) {
  sender_.SetJudge([](const std::string& stream, const Records& records) {
    return stream == StreamOf(2) ? FakeSender::Failure(Fault::kDenied)
                                 : FakeSender::Success(records);
  });
  catalogue_.Replace({Destination(1), Destination(2)});
  const auto instance = Start();
  log_.Write(Change("a", 2));
  Write(Change("a", 1));
  ASSERT_TRUE(Arrives());
  EXPECT_TRUE(Eventually(
      [&] { return !instance->publisher.View().destinations.at(1).stats.last_error.empty(); }));
  const LogShard shard = LogShardOf(OwnerOf(Destination(2).pool_id, "a"));
  EXPECT_LT(leases_.state().settled[shard.value()], 1);
  catalogue_.Replace({Destination(1)});
  EXPECT_TRUE(Settles(2));
}

TEST_F(PublisherTest, OnceAStuckDestinationIsTurnedOffThePublisherIsReadyAgain) {
  sender_.SetJudge(
      [](const std::string&, const Records&) { return FakeSender::Failure(Fault::kDenied); });
  const auto instance = Start();
  log_.Write(Change("a"));
  ASSERT_TRUE(
      Eventually([&] { return instance->Gauge("tidemark_publisher_queued_changes") == 1; }));
  boottime_.Advance(61);
  ASSERT_TRUE(Eventually([&] {
    const absl::Status status = instance->publisher.CheckProgress();
    return absl::StrContains(status.message(), "nothing was delivered");
  }));
  catalogue_.Replace({});
  EXPECT_TRUE(Eventually([&] { return instance->publisher.CheckProgress().ok(); }));
}

TEST_F(PublisherTest, ReadingStopsWhileThereIsNoRoom) {
  settings_.dispatcher.queue_bytes = 64 * kKiB;
  log_.SetPageRows(20);
  sender_.Hold(true);
  const auto instance = Start();
  for (int i = 0; i < 2000; ++i) Write(Change(absl::StrCat("i", i)));
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  ASSERT_TRUE(
      Eventually([&] { return instance->Gauge("tidemark_publisher_queued_bytes") >= 64 * kKiB; }));
  // Waiting for room counts as getting on: so the reader is known to have looked for it anew.
  const auto look_again = [&] {
    boottime_.Advance(20);
    return Eventually([&] { return instance->publisher.CheckProgress().ok(); });
  };
  ASSERT_TRUE(look_again());
  const Position read = instance->publisher.View().read_position;
  EXPECT_LT(read, 400);
  ASSERT_TRUE(look_again());
  EXPECT_EQ(instance->publisher.View().read_position, read);
  sender_.Hold(false);
  CheckArrived();
  EXPECT_TRUE(Settles(2000));
}

TEST_F(PublisherTest, ReadingWaitsForStreamsThatGetOn) {
  settings_.follower.read_ahead_bytes = 64 * kKiB;
  settings_.follower.room_patience = absl::Minutes(1);
  log_.SetPageRows(20);
  sender_.Hold(true);
  for (int i = 0; i < 2000; ++i) Write(Change(absl::StrCat("i", i)));
  const auto instance = Start();
  ASSERT_TRUE(
      Eventually([&] { return instance->Gauge("tidemark_publisher_queued_bytes") >= 64 * kKiB; }));
  EXPECT_LT(instance->publisher.View().read_position, 400) << "though there is room";
  sender_.Hold(false);
  CheckArrived();
  EXPECT_TRUE(Settles(2000));
}

TEST_F(PublisherTest, ReadingGoesOnWhileThereIsRoomThoughAStreamTakesNothing) {
  settings_.follower.read_ahead_bytes = 1;
  log_.SetPageRows(20);
  sender_.Hold(true);
  for (int i = 0; i < 200; ++i) Write(Change(absl::StrCat("i", i)));
  const auto instance = Start();
  EXPECT_TRUE(Eventually([&] { return instance->publisher.View().read_position == 200; }));
  sender_.Hold(false);
  CheckArrived();
}

TEST_F(PublisherTest, TwoPublishersShareTheShardsAndOneTakesOverAtOnce) {
  settings_.lease_ttl = absl::Milliseconds(400);
  auto first = Start();
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  auto second = Start();
  const auto share = [](const Instance& instance) {
    return instance.publisher.View().log_shards_held;
  };
  ASSERT_TRUE(Eventually([&] { return share(*first) == 128 && share(*second) == 128; }));
  for (int i = 0; i < 200; ++i) Write(Change(absl::StrCat("i", i)));
  CheckArrived();
  EXPECT_TRUE(Settles(201));
  auto third = Start();
  ASSERT_TRUE(Eventually([&] {
    return share(*first) + share(*second) + share(*third) == 256 && share(*third) >= 85;
  }));
  second.reset();
  ASSERT_TRUE(Eventually([&] { return share(*first) == 128 && share(*third) == 128; }));
  for (int i = 0; i < 200; ++i) Write(Change(absl::StrCat("i", i)));
  CheckArrived();
  EXPECT_TRUE(Settles(401));
  EXPECT_THAT(sender_.Positions(StreamOf(1)), SizeIs(401)) << "nothing twice";
}

TEST_F(PublisherTest, WhatADeadPublisherHeldIsTakenOverOnceItsLeaseEnds) {
  settings_.lease_ttl = absl::Milliseconds(400);
  const auto alive = Start();
  ASSERT_TRUE(Eventually([&] { return alive->publisher.View().log_shards_held == 256; }));
  ASSERT_TRUE(leases_.Join("dead", absl::Milliseconds(300)).ok());
  ASSERT_TRUE(Eventually([&] { return alive->publisher.View().log_shards_held == 128; }));
  ASSERT_TRUE(leases_.Take("dead", 128).ok());
  for (int i = 0; i < 100; ++i) Write(Change(absl::StrCat("i", i)));
  CheckArrived();
  EXPECT_TRUE(Eventually([&] { return alive->publisher.View().log_shards_held == 256; }));
}

TEST_F(PublisherTest, WhatIsAnothersIsNotSentWhileTheTermIsTakenDown) {
  StopFlag go_on;
  std::atomic<bool> reading = false;
  snapshots_.Set("us-east-1:1", "i", "d", 1);
  snapshots_.SetHook("i", [&] {  // a page that does not come: so long the term can't end
    reading = true;
    go_on.WaitFor(absl::Minutes(1));
  });
  DestinationConfig config = Destination();
  config.bulk = BulkJob{1, BulkJob::State::kRunning, absl::Now()};
  catalogue_.Replace({config});
  sender_.Hold(true);
  const auto instance = Start();
  const absl::Cleanup at_last = [&go_on] { go_on.Set(); };
  const auto queued = [&] { return instance->Gauge("tidemark_publisher_queued_changes"); };
  Write(Change("a"));
  Write(Change("a"));
  ASSERT_TRUE(Eventually([&] { return reading && sender_.waiting() == 1 && queued() == 2; }));
  leases_.Expire();
  ASSERT_TRUE(leases_.Join("thief", absl::Hours(24)).ok());
  ASSERT_TRUE(leases_.Take("thief", kLogShards)->held.all());
  boottime_.Advance(1800);  // to its next renewal
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().log_shards_held == 0; }));
  sender_.Hold(false);
  ASSERT_TRUE(Eventually([&] { return queued() != 2; })) << "the answer was heeded";
  EXPECT_EQ(sender_.requests(), 1U) << "the second change is another's to send";
}

TEST_F(PublisherTest, APublisherThatLostItsLeaseStopsSendingAndStoresNothing) {
  auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Settles(1));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().log_shards_held > 0; }));
  // Another one, of a lease of its own, as if this process had been stopped for a while.
  settings_.lease_retry = absl::Milliseconds(1);
  Leases stolen;
  ASSERT_TRUE(Eventually([&] {
    leases_.Expire();
    const bool joined = leases_.Join("thief", absl::Hours(24)).ok();
    stolen = leases_.Take("thief", kLogShards).value_or(Leases());
    return joined && stolen.held.all();
  }));
  boottime_.Advance(1800);  // to its next renewal
  EXPECT_TRUE(Eventually([&] { return instance->publisher.View().log_shards_held == 0; }));
  const std::size_t before = sender_.requests();
  Write(Change("a"));
  ASSERT_TRUE(leases_.Store("thief", stolen.tokens, Progress{}).value());
  const std::int64_t asked = leases_.asked();
  ASSERT_TRUE(Eventually([&] { return leases_.asked() >= asked + 3; }));
  EXPECT_EQ(sender_.requests(), before);
  ASSERT_TRUE(leases_.Leave("thief").ok());
  CheckArrived();
}

TEST_F(PublisherTest, ADatabaseThatIsAwayIsWaitedFor) {
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  log_.SetFailure(absl::UnavailableError("no database"));
  leases_.SetFailure(absl::UnavailableError("no database"));
  boottime_.Advance(2 * 3600);  // beyond the lease
  EXPECT_TRUE(Eventually([&] { return !instance->publisher.CheckLease().ok(); }));
  for (int i = 0; i < 10; ++i) Write(Change("a"));
  log_.SetFailure(absl::OkStatus());
  leases_.SetFailure(absl::OkStatus());
  CheckArrived();
  EXPECT_TRUE(instance->publisher.CheckLease().ok());
  EXPECT_TRUE(Settles(11));
}

TEST_F(PublisherTest, ThatTheDatabaseIsAwayIsSeenInTheMetrics) {
  settings_.lease_ttl = absl::Seconds(10);
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  ASSERT_TRUE(Settles(1));
  const auto held = [&] { return instance->Gauge("tidemark_publisher_log_shards_held"); };
  const auto lag = [&] { return instance->Gauge("tidemark_publisher_lag_seconds"); };
  ASSERT_EQ(held(), 256);
  leases_.SetFailure(absl::UnavailableError("no database"));
  log_.SetFailure(absl::UnavailableError("no database"));
  ASSERT_TRUE(Eventually([&] {  // One that began before may still end well.
    boottime_.Advance(90);
    return held() == 0 && lag() >= 60;
  }));
  leases_.SetFailure(absl::OkStatus());
  log_.SetFailure(absl::OkStatus());
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(1);
    return held() == 256 && lag() < 60;
  }));
}

TEST_F(PublisherTest, OneThatCanNotBeReadForHoldsUpNoOther) {
  const auto instance = Start();
  for (int i = 0; i < 10; ++i) Write(Change("a"));
  const TestChange missed = Change("b", /*pool_number=*/2);
  Note(log_.Write(missed), missed);
  ASSERT_TRUE(Settles(11));
  log_.SetPoolFailure(absl::DeadlineExceededError("the pool's rows can't be read"));
  catalogue_.Replace({Destination(), Destination(2)});
  ASSERT_TRUE(Eventually([this] { return log_.pool_reads() > 0; }));
  log_.RollBack(log_.Begin(Change("a")));
  Write(Change("a"));
  EXPECT_TRUE(Arrives());
  EXPECT_TRUE(Settles(13)) << "gaps are closed too";
  log_.SetPoolFailure(absl::OkStatus());
  CheckArrived();
  CheckArrived(2);
}

TEST_F(PublisherTest, ChangesThatTheLogForgotAreADeclaredGap) {
  for (int i = 0; i < 20; ++i) log_.Write(Change("a"));
  log_.Empty(15);
  leases_.SetEmptiedThrough(15);
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  ASSERT_TRUE(Settles(21));
  EXPECT_EQ(leases_.state().destinations.at(kDestination).gapped_through, 15);
  EXPECT_EQ(instance->publisher.View().destinations.at(0).gapped_through, 15);
}

TEST_F(PublisherTest, ChangesThatTheLogForgetsWhileReadingWaitsAreADeclaredGapToo) {
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  log_.SetFailure(absl::UnavailableError("no database"));
  for (int i = 0; i < 10; ++i) log_.Write(Change("a"));
  log_.Empty(8);
  log_.Write(Change("a"));
  log_.SetFailure(absl::OkStatus());
  ASSERT_TRUE(Settles(12));
  EXPECT_EQ(leases_.state().destinations.at(kDestination).gapped_through, 8);
}

TEST_F(PublisherTest, WhatIsForgottenWhileADestinationCatchesUpIsPassedOverAtOnce) {
  catalogue_.Replace({});
  settings_.follower.catch_up_positions = 1;
  settings_.dispatcher.queue_bytes = 4 * kKiB;
  for (int i = 0; i < 300; ++i) log_.Write(Change(absl::StrCat("i", i)));
  const auto instance = Start();
  ASSERT_TRUE(Settles(300));
  sender_.Hold(true);
  catalogue_.Replace({Destination()});
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  log_.Empty(290);
  sender_.Hold(false);
  Write(Change("a"));
  ASSERT_TRUE(Arrives());
  ASSERT_TRUE(
      Eventually([this] { return leases_.state().destinations[kDestination].counted.all(); }));
  EXPECT_EQ(leases_.state().destinations.at(kDestination).gapped_through, 290);
  EXPECT_LT(log_.pool_reads(), 100) << "not piece by piece";
}

TEST_F(PublisherTest, TheLowMarkIsWhatIsStoredOneReportAgo) {
  settings_.low_mark_interval = absl::Milliseconds(20);
  catalogue_current_ = false;
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Settles(1));
  EXPECT_THAT(neighbours_.low_marks(), IsEmpty()) << "the list of destinations may be old";
  catalogue_current_ = true;
  ASSERT_TRUE(Eventually(
      [this] { return !neighbours_.low_marks().empty() && neighbours_.low_marks().back() == 1; }));
}

TEST_F(PublisherTest, TheLowMarkStaysBelowWhatALateDestinationNeeds) {
  settings_.low_mark_interval = absl::Milliseconds(20);
  catalogue_.Replace({Destination(2)});
  const auto instance = Start();
  for (int i = 0; i < 50; ++i) Write(Change("a"));
  ASSERT_TRUE(Settles(50));
  ASSERT_TRUE(Eventually([this] {
    const auto marks = neighbours_.low_marks();
    return !marks.empty() && marks.back() == 50;
  }));
  sender_.Hold(true);
  catalogue_.Replace({Destination(2), Destination(1, 1, /*start=*/30)});
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; })) << "it was learned";
  const std::size_t before = neighbours_.low_marks().size();
  ASSERT_TRUE(Eventually([&] { return neighbours_.low_marks().size() >= before + 3; }));
  EXPECT_EQ(neighbours_.low_marks().back(), 30);
}

TEST_F(PublisherTest, ALogThatIsAnotherOneThanBeforeIsReadFromWhatIsStored) {
  const auto instance = Start();
  Write(Change("a"));
  ASSERT_TRUE(Settles(1));
  log_.SetFailure(absl::DataLossError("the log ends before what was read"));
  ASSERT_TRUE(Eventually([&] { return instance->publisher.View().log_shards_held == 0; }));
  log_.SetFailure(absl::OkStatus());
  Write(Change("a"));
  CheckArrived();
}

TEST_F(PublisherTest, ALogThatCanNotBeReadFromTheStartMakesItNotReady) {
  log_.SetFailure(absl::UnavailableError("no database"));
  const auto instance = Start();
  ASSERT_TRUE(Eventually([&] { return instance->publisher.CheckLease().ok(); }));
  EXPECT_TRUE(instance->publisher.CheckProgress().ok());
  boottime_.Advance(60);
  EXPECT_TRUE(Eventually([&] { return !instance->publisher.CheckProgress().ok(); }));
}

TEST_F(PublisherTest, OfALogThatIsAnotherOneThanBeforeNothingMoreIsStored) {
  settings_.grace = absl::Minutes(1);  // until the answer
  sender_.Hold(true);
  const auto instance = Start();
  const Position position = Write(Change("a"));
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  EXPECT_TRUE(instance->publisher.CheckProgress().ok());
  log_.SetFailure(absl::DataLossError("the log ends before what was read"));
  ASSERT_TRUE(Eventually([&] { return !instance->publisher.CheckProgress().ok(); }));
  log_.SetFailure(absl::OkStatus());
  sender_.Hold(false);
  EXPECT_TRUE(Eventually([this] { return sender_.Positions(StreamOf(1)).size() == 2; }))
      << "its position was not stored, so what is there now arrives";
  EXPECT_THAT(sender_.Positions(StreamOf(1)), ElementsAre(position, position));
}

}  // namespace
}  // namespace tidemark::publisher
