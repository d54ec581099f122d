// Streams that are slow or stuck, beside others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using testing::Eventually;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Records = std::vector<FakeSender::Record>;

// Two streams, the second of which does as `fault_` says.
class IsolationTest : public PublisherFixture {
 protected:
  IsolationTest() {
    settings_.dispatcher.queue_bytes = 256 * kKiB;
    log_.SetPageRows(50);
    catalogue_.Replace({Destination(1), Destination(2)});
    sender_.SetJudge([this](const std::string& stream, const Records& records) {
      if (stream == StreamOf(2) && fault_ != Fault::kNone) return FakeSender::Failure(fault_);
      return FakeSender::Success(records);
    });
  }

  void WriteBoth(int count) {
    for (int i = 0; i < count; ++i) {
      Write(Change(absl::StrCat("i", i % 11), 1));
      Write(Change(absl::StrCat("i", i % 11), 2));
    }
  }

  static OutletStats StatsOf(const Instance& instance, std::size_t index) {
    return instance.publisher.View().destinations.at(index).stats;
  }

  // Puts the clock forward until the second stream is split off.
  bool SplitsOff(const Instance& instance) {
    return Eventually([&] {
      if (StatsOf(instance, 1).split_off) return true;
      boottime_.Advance(2);
      return false;
    });
  }

  // As Tidemark itself does.
  void TurnOff(std::int32_t pool_number) {
    DestinationConfig off = Destination(pool_number);
    off.enabled = false;
    off.turned_off = true;
    catalogue_.Replace({Destination(1), off});
  }

  // Whether the log is kept above `position` for the second, which is off.
  bool RestsAt(Position position) {
    return leases_.state().destinations[Destination(2).id].counted.none() &&
           leases_.LowMark().value() == position;
  }

  std::atomic<Fault> fault_ = Fault::kNone;
};

TEST_F(IsolationTest, AStuckStreamDelaysNoOtherAndCatchesUpInOrder) {
  fault_ = Fault::kThrottled;
  const auto instance = Start();
  WriteBoth(3000);  // many times what the queue holds
  ASSERT_TRUE(SplitsOff(*instance));
  EXPECT_TRUE(Arrives(1));
  EXPECT_THAT(sender_.Positions(StreamOf(2)), IsEmpty());
  EXPECT_TRUE(Eventually([&] { return StatsOf(*instance, 0).waiting == 0; }));
  EXPECT_TRUE(Eventually([&] { return StatsOf(*instance, 1).waiting == 3000; }));
  EXPECT_TRUE(Settles(6000)) << "settled positions do not wait for it";
  const Position stands = leases_.FloorOf(Destination(2).id, LogShard(0));
  EXPECT_LT(stands, 6000);
  fault_ = Fault::kNone;
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(3000)) << "nothing twice";
  ASSERT_TRUE(Eventually([&] { return !StatsOf(*instance, 1).split_off; }));
  WriteBoth(10);
  CheckArrived(2);
  EXPECT_TRUE(
      Eventually([&] { return leases_.state().destinations[Destination(2).id].counted.all(); }));
}

TEST_F(IsolationTest, AStuckStreamKeepsNextToNothingInMemory) {
  fault_ = Fault::kThrottled;
  const auto instance = Start();
  WriteBoth(2000);
  ASSERT_TRUE(SplitsOff(*instance));
  ASSERT_TRUE(Arrives(1));
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(2);
    return instance->Gauge("tidemark_publisher_queued_changes") <= 100;
  }));
  EXPECT_TRUE(Eventually([&] { return StatsOf(*instance, 1).waiting == 2000; }));
}

TEST_F(IsolationTest, AStreamThatIsStuckAloneIsNotSplitOff) {
  catalogue_.Replace({Destination(2)});
  fault_ = Fault::kThrottled;
  const auto instance = Start();
  for (int i = 0; i < 100; ++i) Write(Change(absl::StrCat("i", i), 2));
  for (int i = 0; i < 10; ++i) {
    const std::size_t before = sender_.requests();
    ASSERT_TRUE(Eventually([&] {
      boottime_.Advance(2);
      return sender_.requests() > before;
    }));
  }
  EXPECT_FALSE(StatsOf(*instance, 0).split_off);
  fault_ = Fault::kNone;
  CheckArrived(2);
}

TEST_F(IsolationTest, WhatWasSplitOffGoesOnWhereItWasAfterARestart) {
  fault_ = Fault::kTransient;
  auto instance = Start();
  WriteBoth(300);
  ASSERT_TRUE(SplitsOff(*instance));
  ASSERT_TRUE(Settles(600));
  instance.reset();
  instance = Start();
  WriteBoth(300);
  ASSERT_TRUE(Arrives(1));
  fault_ = Fault::kNone;
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(600)) << "nothing twice";
  EXPECT_THAT(sender_.Positions(StreamOf(1)), SizeIs(600));
}

TEST_F(IsolationTest, AGapThatFillsWhileAStreamIsSplitOffArrivesInOrder) {
  fault_ = Fault::kThrottled;
  const auto instance = Start();
  WriteBoth(20);
  const TestChange slow = Change("slow", 2);
  const Position early = log_.Begin(slow);
  WriteBoth(200);
  ASSERT_TRUE(SplitsOff(*instance));
  const Position late = log_.Begin(slow);
  WriteBoth(20);
  log_.Commit(early);
  Note(early, slow);
  ASSERT_TRUE(Arrives(1));
  fault_ = Fault::kNone;
  log_.Commit(late);
  Note(late, slow);
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(242)) << "nothing twice";
}

TEST_F(IsolationTest, AKeyThatIsStuckHoldsUpNoSettledPosition) {
  sender_.SetJudge([](const std::string&, const Records& records) {
    FakeSender::Verdict verdict = FakeSender::Success(records);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i].key == "stuck") verdict.result.records[i] = {Fault::kThrottled, "slow down"};
    }
    return verdict;
  });
  const auto instance = Start();
  log_.Write(Change("stuck", 1));
  WriteBoth(50);
  ASSERT_TRUE(Arrives(1));
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(absl::Milliseconds(500));
    Write(Change("other", 1));  // it gets on
    EXPECT_TRUE(Arrives(1));
    const StoredState state = leases_.state();
    return *std::min_element(state.settled.begin(), state.settled.end()) >= 101;
  }));
  const LogShard shard = LogShardOf(OwnerOf(Destination(1).pool_id, "stuck"));
  EXPECT_EQ(leases_.FloorOf(Destination(1).id, shard), 0) << "of its own";
  EXPECT_FALSE(StatsOf(*instance, 0).split_off);
  sender_.SetJudge({});
  EXPECT_TRUE(
      Eventually([&] { return leases_.state().destinations[Destination(1).id].counted.all(); }));
}

TEST_F(IsolationTest, AStreamThatDoesNotAnswerLeavesOthersRoomInFlight) {
  settings_.dispatcher.bytes_in_flight = 64 * kKiB;
  settings_.dispatcher.window.bytes_per_request = 16 * kKiB;
  sender_.HoldStream(StreamOf(2));
  const auto instance = Start();
  WriteBoth(500);
  EXPECT_TRUE(Arrives(1));
  EXPECT_THAT(sender_.Positions(StreamOf(2)), IsEmpty());
  sender_.HoldStream("");
  CheckArrived(2);
}

TEST_F(IsolationTest, AStreamThatIsTurnedOnAgainGoesOnFromWhereItStopped) {
  const auto instance = Start();
  WriteBoth(20);
  ASSERT_TRUE(Arrives(2));
  DestinationConfig off = Destination(2);
  off.enabled = false;
  catalogue_.Replace({Destination(1), off});
  ASSERT_TRUE(Eventually([&] { return leases_.state().destinations[Destination(2).id].retired; }));
  WriteBoth(20);
  ASSERT_TRUE(Settles(80));
  catalogue_.Replace({Destination(1), Destination(2)});
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(40)) << "nothing twice";
  EXPECT_TRUE(Eventually([&] { return !leases_.state().destinations[Destination(2).id].retired; }));
}

TEST_F(IsolationTest, WhatWaitsForAStreamThatTidemarkTurnedOffStaysInTheLog) {
  auto instance = Start();
  WriteBoth(20);
  ASSERT_TRUE(Arrives(2));
  ASSERT_TRUE(Settles(log_.end()));
  TurnOff(2);
  ASSERT_TRUE(Eventually([&] { return RestsAt(40); }));
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(1);
    return instance->Gauge("tidemark_publisher_destinations", "off") == 1;
  }));
  WriteBoth(20);
  ASSERT_TRUE(Settles(80)) << "it holds up no other";
  EXPECT_EQ(leases_.LowMark().value(), 40);
  instance.reset();
  instance = Start();
  WriteBoth(1);
  ASSERT_TRUE(Settles(82));
  EXPECT_EQ(leases_.LowMark().value(), 40) << "whoever holds the shards";
  catalogue_.Replace({Destination(1), Destination(2)});
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(41)) << "nothing twice";
  EXPECT_TRUE(Eventually([this] { return leases_.LowMark().value() == 82; }));
}

TEST_F(IsolationTest, AUserWhoDisablesAStreamThatTidemarkTurnedOffFreesTheLog) {
  const auto instance = Start();
  WriteBoth(5);
  ASSERT_TRUE(Arrives(2));
  ASSERT_TRUE(Settles(log_.end()));
  TurnOff(2);
  ASSERT_TRUE(Eventually([&] { return RestsAt(10); }));
  WriteBoth(5);
  ASSERT_TRUE(Settles(20));
  DestinationConfig off = Destination(2);
  off.enabled = false;
  catalogue_.Replace({Destination(1), off});
  EXPECT_TRUE(Eventually([this] { return leases_.LowMark().value() == 20; }));
  EXPECT_EQ(leases_.state().destinations[off.id].gapped_through, 0);
}

TEST_F(IsolationTest, TheLogIsKeptForAStreamThatIsOffWithinItsBoundsAlone) {
  const auto instance = Start();
  WriteBoth(5);
  ASSERT_TRUE(Arrives(2));
  ASSERT_TRUE(Settles(log_.end()));
  TurnOff(2);
  ASSERT_TRUE(Eventually([&] { return RestsAt(10); }));
  WriteBoth(5);
  ASSERT_TRUE(Settles(20));
  log_.Empty(15);
  ASSERT_TRUE(Eventually([this] { return leases_.LowMark().value() == 20; }));
  EXPECT_EQ(leases_.state().destinations[Destination(2).id].gapped_through, 15);
}

TEST_F(IsolationTest, AnOldListTurnsNothingOff) {
  auto instance = Start();
  WriteBoth(5);
  ASSERT_TRUE(Arrives(2));
  ASSERT_TRUE(
      Eventually([&] { return leases_.state().destinations[Destination(2).id].counted.all(); }));
  instance.reset();
  DestinationConfig off = Destination(2);
  off.enabled = false;
  catalogue_current_ = false;
  catalogue_.Replace({Destination(1), off});
  instance = Start();
  WriteBoth(5);
  ASSERT_TRUE(Arrives(1));
  EXPECT_FALSE(leases_.state().destinations[Destination(2).id].retired);
  const LogShard shard = LogShardOf(OwnerOf(Destination(2).pool_id, "i0"));
  EXPECT_LE(leases_.FloorOf(Destination(2).id, shard), 10) << "it is waited for";
  catalogue_.Replace({Destination(1), Destination(2)});
  catalogue_current_ = true;
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(10)) << "nothing twice";
}

TEST_F(IsolationTest, AStreamThatWasNamedAgainIsNotForgottenAtOnceByTheNextOldList) {
  const auto instance = Start();
  WriteBoth(5);
  ASSERT_TRUE(Arrives(2));
  const auto turns = [this](bool off) {
    return Eventually([&] {
      const auto stored = leases_.state().destinations;
      const auto second = stored.find(Destination(2).id);
      return second != stored.end() && second->second.retired == off;
    });
  };
  catalogue_.Replace({Destination(1)});
  ASSERT_TRUE(turns(/*off=*/true));
  catalogue_.Replace({Destination(1), Destination(2)});
  ASSERT_TRUE(turns(/*off=*/false));
  boottime_.Advance(120);
  catalogue_.Replace({Destination(1)});
  ASSERT_TRUE(turns(/*off=*/true));
  catalogue_.Replace({Destination(1), Destination(2)});
  WriteBoth(1);
  CheckArrived(2);
  EXPECT_THAT(sender_.Positions(StreamOf(2)), SizeIs(6)) << "nothing twice";
}

TEST_F(IsolationTest, AStreamThatIsOffAndOnAgainBeforeItsRequestsAreAnsweredGoesOn) {
  sender_.HoldStream(StreamOf(2));
  const auto instance = Start();
  WriteBoth(20);
  ASSERT_TRUE(Arrives(1));
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  DestinationConfig off = Destination(2);
  off.enabled = false;
  catalogue_.Replace({Destination(1), off});
  ASSERT_TRUE(Eventually([&] { return leases_.state().destinations[Destination(2).id].retired; }));
  catalogue_.Replace({Destination(1), Destination(2)});
  ASSERT_TRUE(Eventually([&] { return !leases_.state().destinations[Destination(2).id].retired; }));
  sender_.HoldStream("");
  CheckArrived(2);
  WriteBoth(5);
  CheckArrived(2);
}

}  // namespace
}  // namespace tidemark::publisher
