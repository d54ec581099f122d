// Keys that are stuck: they delay nothing but themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using testing::Eventually;
using Records = std::vector<FakeSender::Record>;

constexpr std::int64_t kLimit = 2000;

// The pools 1 and 2 have streams; of the first, the key "stuck" is.
class StuckKeyTest : public PublisherFixture {
 protected:
  StuckKeyTest() {
    settings_.dispatcher.queue_bytes = 256 * kKiB;
    settings_.dispatcher.window.record_bytes = kLimit;
    log_.SetPageRows(50);
    catalogue_.Replace({Destination(1), Destination(2)});
  }

  static bool IsStuck(const FakeSender::Record& record) { return record.key == "stuck"; }

  // The stream takes all records but those of the key.
  static FakeSender::Verdict FailRecords(const std::string&, const Records& records) {
    FakeSender::Verdict verdict = FakeSender::Success(records);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (IsStuck(records[i])) verdict.result.records[i] = {Fault::kThrottled, "slow down"};
    }
    return verdict;
  }
  // It refuses requests in which the key is.
  static FakeSender::Verdict RefuseRequests(const std::string&, const Records& records) {
    return std::ranges::any_of(records, IsStuck) ? FakeSender::Failure(Fault::kRefused)
                                                 : FakeSender::Success(records);
  }

  // Time passes, and the reader looks at each destination meanwhile.
  void PassTime() {
    for (int i = 0; i < 5; ++i) {
      boottime_.Advance(2);
      ReadOn();
    }
  }
  // Whatever is read from now on, is read with what is known now.
  void ReadOn() {
    for (int i = 0; i < 2; ++i) {
      Write(Change("marker", 2));
      ASSERT_TRUE(Arrives(2));
    }
  }
  // What is written to the first pool now arrives.
  bool OthersGoOn(int count = 20) {
    for (int i = 0; i < count; ++i) Write(Change(absl::StrCat("i", i % 11)));
    return Arrives(1);
  }

  static OutletStats StatsOf(const Instance& instance, std::size_t index = 0) {
    return instance.publisher.View().destinations.at(index).stats;
  }
  static double Splits(const Instance& instance) {
    for (const prometheus::MetricFamily& family : instance.registry.Collect()) {
      if (family.name == "tidemark_publisher_splits_total") {
        return family.metric.at(0).counter.value;
      }
    }
    return -1;
  }
};

TEST_F(StuckKeyTest, AfterSilenceALargeEventThatCanNotBeStoredDelaysNoOtherKey) {
  records_.SetFault(Fault::kDenied);
  const auto instance = Start();
  TestChange large = Change("stuck");
  large.records = {{"key", std::string(kLimit, 'x')}};
  const Position stuck = log_.Write(large);
  PassTime();
  EXPECT_TRUE(OthersGoOn());
  PassTime();
  EXPECT_TRUE(OthersGoOn());
  EXPECT_EQ(Splits(*instance), 0) << "its stream takes all else";
  records_.SetFault(Fault::kNone);
  boottime_.Advance(60);
  Note(stuck, large);
  CheckArrived(1);
}

TEST_F(StuckKeyTest, AfterSilenceAKeyThatFailsDelaysNoOther) {
  sender_.SetJudge(FailRecords);
  const auto instance = Start();
  const Position stuck = log_.Write(Change("stuck"));
  PassTime();
  EXPECT_TRUE(OthersGoOn());
  PassTime();
  EXPECT_TRUE(OthersGoOn());
  EXPECT_EQ(Splits(*instance), 0);
  EXPECT_EQ(StatsOf(*instance).waiting, 1);
  sender_.SetJudge({});
  boottime_.Advance(15);
  Note(stuck, Change("stuck"));
  CheckArrived(1);
}

TEST_F(StuckKeyTest, AfterSilenceARefusedRecordIsParkedOnceAnotherArrives) {
  sender_.SetJudge(RefuseRequests);
  const auto instance = Start();
  log_.Write(Change("stuck"));
  ASSERT_TRUE(Eventually([this] { return sender_.requests() > 0; }));
  boottime_.Advance(2);
  ReadOn();
  EXPECT_TRUE(OthersGoOn());
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(5);
    return instance->publisher.View().destinations.at(0).parked == 1;
  }));
  EXPECT_TRUE(Settles(log_.end()));
}

TEST_F(StuckKeyTest, InAPoolThatIsSplitOffItDelaysNoOtherKey) {
  sender_.SetJudge([](const std::string& stream, const Records& records) {
    return stream == StreamOf(1) ? FakeSender::Failure(Fault::kThrottled)
                                 : FakeSender::Success(records);
  });
  const auto instance = Start();
  const Position stuck = log_.Write(Change("stuck"));
  ASSERT_TRUE(Eventually([&] {
    boottime_.Advance(2);
    return StatsOf(*instance).split_off;
  }));
  for (int i = 0; i < 500; ++i) Write(Change(absl::StrCat("i", i % 11)));
  ReadOn();
  sender_.SetJudge(FailRecords);
  EXPECT_TRUE(Eventually([&] {
    boottime_.Advance(2);
    return sender_.Positions(StreamOf(1)).size() == 500;
  }));
  EXPECT_TRUE(Eventually([&] { return !StatsOf(*instance).split_off; })) << "it caught up";
  PassTime();
  EXPECT_TRUE(OthersGoOn());
  EXPECT_LE(Splits(*instance), 3) << "it is not split off again and again";
  sender_.SetJudge({});
  boottime_.Advance(15);
  Note(stuck, Change("stuck"));
  CheckArrived(1);
}

TEST_F(StuckKeyTest, AStreamThatTakesNothingDelaysNoPoolOfWhichAKeyIsStuck) {
  sender_.SetJudge([](const std::string& stream, const Records& records) {
    return stream == StreamOf(2) ? FakeSender::Failure(Fault::kTransient)
                                 : FailRecords(stream, records);
  });
  const auto instance = Start();
  log_.Write(Change("stuck"));
  for (int i = 0; i < 2000; ++i) Write(Change(absl::StrCat("i", i % 11), 2));
  ASSERT_TRUE(Eventually([&] {
    boottime_.Advance(2);
    return StatsOf(*instance, 1).split_off;
  }));
  EXPECT_TRUE(OthersGoOn());
}

}  // namespace
}  // namespace tidemark::publisher
