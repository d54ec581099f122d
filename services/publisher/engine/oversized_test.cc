// Events that are too large for their stream, through a whole publisher.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/publisher.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::int64_t kLimit = 2000;

class OversizedTest : public PublisherFixture {
 protected:
  OversizedTest() { settings_.dispatcher.window.record_bytes = kLimit; }

  static TestChange Large(std::string identity, std::int64_t sync_count = 1,
                          std::int32_t pool_number = 1) {
    TestChange change = Change(std::move(identity), pool_number);
    change.sync_count = sync_count;
    change.records = {{"key", std::string(kLimit, 'x')}};
    return change;
  }

  bool HasArrived(Position position, std::int32_t pool_number = 1) const {
    const std::vector<Position> positions = sender_.Positions(StreamOf(pool_number));
    return std::find(positions.begin(), positions.end(), position) != positions.end();
  }
  std::string LastError(const Instance& instance, std::size_t destination = 0) const {
    return instance.publisher.View().destinations.at(destination).stats.last_error;
  }
};

TEST_F(OversizedTest, ItsRecordsAreStoredAndItIsSentInOrderWithTheirUrl) {
  const auto instance = Start();
  Write(Change("a"));
  const Position large = Write(Large("a", 7));
  Write(Change("a"));
  CheckArrived();
  EXPECT_TRUE(Settles(3));
  const std::vector<FakeSender::Record> arrived = sender_.Arrived(StreamOf(1));
  ASSERT_THAT(arrived, SizeIs(3));
  EXPECT_EQ(arrived[1].position, large);
  EXPECT_THAT(arrived[1].data,
              AllOf(HasSubstr(R"("payloadType":"S3Url")"), Not(HasSubstr("kinesisSyncRecords\"")),
                    HasSubstr(R"("kinesisSyncRecordsURL":"https://store/us-east-1:1/a/prefs/7.)")));
  const auto objects = records_.objects();
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_THAT(
      objects.begin()->second,
      MatchesRegex(R"(\[\{"key":"key","value":"x+","syncCount":7,"lastModifiedDate":[0-9]+,)"
                   R"("deviceLastModifiedDate":1700000000000,"op":"replace"\}\])"));
  EXPECT_TRUE(Eventually([&] { return instance->Gauge("tidemark_publisher_queued_bytes") == 0; }));
}

TEST_F(OversizedTest, AStoreThatIsDownDelaysOnlyTheKeysConcerned) {
  catalogue_.Replace({Destination(1), Destination(2)});
  records_.SetFault(Fault::kDenied);
  const auto instance = Start();
  const Position large = Write(Large("a"));
  const Position behind = Write(Change("a"));
  std::vector<Position> others;
  for (int i = 0; i < 100; ++i) {
    others.push_back(Write(Change(absl::StrCat("b", i % 7))));
    Write(Change("a", 2));
  }
  EXPECT_TRUE(Arrives(2));
  EXPECT_TRUE(Eventually([&] { return sender_.Positions(StreamOf(1)).size() == others.size(); }));
  EXPECT_EQ(sender_.Positions(StreamOf(1)), others);
  EXPECT_FALSE(HasArrived(large) || HasArrived(behind));
  EXPECT_TRUE(Eventually([&] { return LastError(*instance) == "the fake store says no"; }));
  records_.SetFault(Fault::kNone);
  boottime_.Advance(60);
  CheckArrived();
  EXPECT_TRUE(Eventually([&] { return LastError(*instance).empty(); }));
}

TEST_F(OversizedTest, RecordsThatHangAreBoundedInBytesAndOthersFlow) {
  settings_.dispatcher.upload_bytes = 2 * kLimit;
  catalogue_.Replace({Destination(1), Destination(2)});
  records_.Hold(true);
  const auto instance = Start();
  for (int i = 0; i < 4; ++i) Write(Large(absl::StrCat("l", i)));
  Write(Large("l", 1, 2));
  const Position small = Write(Change("b"));
  EXPECT_TRUE(Eventually([&] { return HasArrived(small) && records_.calls() == 2; }));
  EXPECT_EQ(records_.waiting(), 2U);
  records_.Hold(false);
  CheckArrived(1);
  CheckArrived(2);
}

TEST_F(OversizedTest, WhatStopsDuringAnUploadIsStoredAndSentByTheNextPublisher) {
  records_.Hold(true);
  auto instance = Start();
  Write(Large("a"));
  ASSERT_TRUE(Eventually([&] { return records_.waiting() == 1; }));
  instance.reset();
  records_.Hold(false);  // the answer comes after the publisher's end
  EXPECT_THAT(sender_.Positions(StreamOf(1)), IsEmpty());
  instance = Start();
  CheckArrived();
  EXPECT_THAT(records_.objects(), SizeIs(1)) << "it replaced itself";
}

TEST_F(OversizedTest, WithoutAStoreItIsParkedAndBlocksNothing) {
  NoRecordStore none;
  store_ = &none;
  const auto instance = Start();
  log_.Write(Large("a"));
  Write(Change("a"));
  CheckArrived();
  EXPECT_TRUE(Settles(2));
  EXPECT_EQ(leases_.state().destinations.at(kDestination).parked, 1);
  EXPECT_EQ(instance->publisher.View().destinations.at(0).parked, 1);
  EXPECT_TRUE(Eventually([&] { return instance->Gauge("tidemark_publisher_queued_bytes") == 0; }));
}

TEST_F(OversizedTest, RecordsThatTheStoreNeverTakesAreParkedAndTheNextChangeGoes) {
  records_.SetFault(Fault::kRefused);
  const auto instance = Start();
  log_.Write(Large("a"));
  Write(Change("a"));
  CheckArrived();
  EXPECT_TRUE(Settles(2));
  EXPECT_EQ(leases_.state().destinations.at(kDestination).parked, 1);
}

TEST_F(OversizedTest, AStreamThatTakesMoreGetsTheRecordsInline) {
  sender_.SetRecordBytes(10 * kLimit);
  const auto instance = Start();
  Write(Large("a"));
  Write(Large("b"));
  CheckArrived();
  EXPECT_EQ(sender_.looks(), 1U);
  EXPECT_THAT(records_.objects(), IsEmpty());
  for (const auto& record : sender_.Arrived(StreamOf(1))) {
    EXPECT_THAT(record.data, HasSubstr(R"("payloadType":"Inline")"));
  }
}

TEST_F(OversizedTest, AStreamsLimitIsAskedForAgainEveryFewMinutes) {
  const auto instance = Start();
  Write(Large("a"));
  CheckArrived();
  sender_.SetRecordBytes(10 * kLimit);
  Write(Large("b"));
  CheckArrived();
  EXPECT_EQ(sender_.looks(), 1U) << "not yet";
  boottime_.Advance(301);
  Write(Large("c"));
  ASSERT_TRUE(Eventually([&] { return sender_.looks() == 2; }));
  CheckArrived();
  const Position inline_again = Write(Large("d"));
  CheckArrived();
  const FakeSender::Record last = sender_.Arrived(StreamOf(1)).back();
  EXPECT_EQ(last.position, inline_again);
  EXPECT_THAT(last.data, HasSubstr(R"("payloadType":"Inline")"));
}

TEST_F(OversizedTest, AMissingStreamThatIsOnlyAskedForItsLimitIsNotTurnedOff) {
  sender_.SetState(StreamState::kMissing);
  const auto instance = Start();
  Write(Large("a"));
  CheckArrived();
  EXPECT_THAT(neighbours_.turned_off(), IsEmpty());
}

}  // namespace
}  // namespace tidemark::publisher
