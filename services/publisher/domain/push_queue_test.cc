#include "services/publisher/domain/push_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/domain/testing/fixed_random.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr LogShard kShard{7};

PushTarget Device(const std::string& name) { return {name, PushPlatform::kGcm, "arn:" + name, 1}; }

class PushQueueTest : public ::testing::Test {
 protected:
  PushQueueTest() { Make({}); }

  void Make(const PushQueue::Limits& limits, Position pushed = 0) {
    ShardPositions stored{};
    stored[kShard.value()] = pushed;
    queue_.emplace(limits, PushPositions(ShardSet().set(kShard.value()), stored, 0), random_);
  }

  // A change of the dataset `name` at the next position, which is the highest read.
  Position Change(const std::string& name, std::string device = "", std::int32_t pool = 1) {
    ++position_;
    queue_->Add({{pool, "who", name}, position_, kShard, position_, std::move(device), now_}, now_);
    queue_->ReadThrough(position_);
    return position_;
  }
  // Looks up what is to be looked up: each has these devices.
  std::vector<PushQueue::Lookup> LookUp(const std::vector<PushTarget>& targets) {
    queue_->Advance(now_);
    auto lookups = queue_->TakeLookups(100, now_);
    for (const auto& lookup : lookups) queue_->Found(lookup.entry, targets, now_);
    return lookups;
  }
  std::vector<PushQueue::Push> TakeAll() {
    queue_->Advance(now_);
    std::vector<PushQueue::Push> pushes;
    while (auto push = queue_->TakePush(now_)) pushes.push_back(*std::move(push));
    return pushes;
  }
  // Tells all that can be told, with this end; the devices, in order.
  std::vector<std::string> Tell(PushEnd end = PushEnd::kSent) {
    std::vector<std::string> devices;
    for (const auto& push : TakeAll()) {
      devices.push_back(push.target.device_id);
      queue_->Finish(push, end, now_);
    }
    std::sort(devices.begin(), devices.end());
    return devices;
  }
  Position Pushed() const { return queue_->Pushed()[kShard.value()]; }

  FixedRandom random_;
  std::optional<PushQueue> queue_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  Position position_ = 0;
};

TEST_F(PushQueueTest, EachDeviceIsToldOnceAndThenNothingIsLeft) {
  Change("a", "phone");
  EXPECT_EQ(Pushed(), 0);
  const auto lookups = LookUp({Device("pad"), Device("watch")});
  ASSERT_THAT(lookups, SizeIs(1));
  EXPECT_EQ(lookups[0].writer, "phone");
  EXPECT_EQ(lookups[0].key, (PushKey{1, "who", "a"}));
  EXPECT_THAT(Tell(), ElementsAre("pad", "watch"));
  EXPECT_EQ(Pushed(), 1);
  EXPECT_EQ(queue_->waiting(), 0U);
  EXPECT_EQ(queue_->bytes(), 0);
  EXPECT_THAT(queue_->Pools(), IsEmpty());
}

TEST_F(PushQueueTest, WhatNobodySubscribedToIsDone) {
  Change("a");
  LookUp({});
  EXPECT_THAT(Tell(), IsEmpty());
  EXPECT_EQ(Pushed(), 1);
}

TEST_F(PushQueueTest, SeveralChangesBecomeTheNewestAndKeepTheirWriter) {
  Change("a", "phone");
  const Position last = Change("a", "phone");
  EXPECT_EQ(Pushed(), 0);
  EXPECT_THAT(LookUp({Device("pad")}),
              ElementsAre(::testing::Field(&PushQueue::Lookup::writer, "phone")));
  const auto pushes = TakeAll();
  ASSERT_THAT(pushes, SizeIs(1));
  EXPECT_EQ(pushes[0].sync_count, last);
  queue_->Finish(pushes[0], PushEnd::kSent, now_);
  EXPECT_EQ(Pushed(), last);
}

TEST_F(PushQueueTest, NobodyIsLeftOutOfChangesByTwo) {
  Change("a", "phone");
  Change("a", "pad");
  EXPECT_EQ(LookUp({})[0].writer, "");
  Change("a", "phone");
  Change("a");  // by a backend
  EXPECT_EQ(LookUp({})[0].writer, "");
}

TEST_F(PushQueueTest, AChangeDuringThePushIsToldNext) {
  Change("a", "phone");
  const auto lookups = queue_->TakeLookups(10, now_);
  Change("a", "pad");
  EXPECT_THAT(queue_->TakeLookups(10, now_), IsEmpty()) << "one call for a dataset at a time";
  queue_->Found(lookups[0].entry, {Device("pad")}, now_);
  auto pushes = TakeAll();
  ASSERT_THAT(pushes, SizeIs(1));
  EXPECT_EQ(pushes[0].sync_count, 1);
  Change("a", "pad");
  queue_->Finish(pushes[0], PushEnd::kSent, now_);
  EXPECT_EQ(Pushed(), 1);
  EXPECT_EQ(LookUp({Device("phone")})[0].writer, "pad");
  pushes = TakeAll();
  ASSERT_THAT(pushes, SizeIs(1));
  EXPECT_EQ(pushes[0].sync_count, 3);
  queue_->Finish(pushes[0], PushEnd::kSent, now_);
  EXPECT_EQ(Pushed(), 3);
}

TEST_F(PushQueueTest, OnlyWhoFailedIsToldAgain) {
  Change("a");
  LookUp({Device("pad"), Device("watch"), Device("tv")});
  for (const auto& push : TakeAll()) {
    const bool fails = push.target.device_id == "pad";
    queue_->Finish(push, fails ? PushEnd::kTransient : PushEnd::kSent, now_);
  }
  EXPECT_EQ(Pushed(), 0);
  EXPECT_THAT(Tell(), IsEmpty()) << "after a pause";
  now_ = queue_->NextDue(now_);
  EXPECT_THAT(LookUp({}), IsEmpty());
  EXPECT_THAT(Tell(), ElementsAre("pad"));
  EXPECT_EQ(Pushed(), 1);
}

TEST_F(PushQueueTest, ANewerChangeSupersedesWhatIsToBeTriedAgain) {
  Change("a", "phone");
  LookUp({Device("pad"), Device("watch")});
  Tell(PushEnd::kTransient);
  const Position last = Change("a", "pad");
  now_ += absl::Minutes(1);
  // The first writer, too, has to hear of the second change; and the second perhaps of the first.
  EXPECT_EQ(LookUp({Device("pad"), Device("watch"), Device("phone")})[0].writer, "");
  EXPECT_THAT(Tell(), ElementsAre("pad", "phone", "watch"));
  EXPECT_EQ(Pushed(), last);
}

TEST_F(PushQueueTest, EndpointsThatAreOffAndMessagesThatAreRefusedAreDone) {
  Change("a");
  LookUp({Device("pad"), Device("watch"), Device("tv")});
  auto pushes = TakeAll();
  queue_->Finish(pushes[0], PushEnd::kDisabled, now_);
  queue_->Finish(pushes[1], PushEnd::kGone, now_);
  queue_->Finish(pushes[2], PushEnd::kRefused, now_);
  EXPECT_EQ(Pushed(), 1);
  EXPECT_EQ(queue_->waiting(), 0U);
}

TEST_F(PushQueueTest, WhatCouldNotBeAskedIsAskedAgainWithWhatCameMeanwhile) {
  Change("a", "phone");
  const auto lookups = queue_->TakeLookups(10, now_);
  const Position last = Change("a", "phone");
  queue_->NotFound(lookups[0].entry, now_);
  EXPECT_EQ(LookUp({Device("pad")})[0].writer, "phone");
  EXPECT_EQ(TakeAll()[0].sync_count, last);
}

TEST_F(PushQueueTest, PositionsWaitForTheOldestAlone) {
  Change("a");
  Change("b");
  Change("c");
  const auto lookups = queue_->TakeLookups(10, now_);
  queue_->Found(lookups[1].entry, {}, now_);
  EXPECT_EQ(Pushed(), 0);
  queue_->Found(lookups[0].entry, {}, now_);
  EXPECT_EQ(Pushed(), 2);
}

TEST_F(PushQueueTest, WhatWasDealtWithBeforeIsLeftOut) {
  Make({}, 2);
  Change("a");
  Change("a");
  EXPECT_EQ(queue_->waiting(), 0U);
  EXPECT_EQ(Pushed(), 2);
  Change("a");
  EXPECT_EQ(queue_->waiting(), 1U);
  EXPECT_EQ(Pushed(), 2);
}

TEST_F(PushQueueTest, APushThatWaitsHoldsTheLogForSoLongOnly) {
  Change("a");
  queue_->ReadThrough(kPushReadBack);
  EXPECT_EQ(Pushed(), 0);
  queue_->ReadThrough(kPushReadBack + 10);
  EXPECT_EQ(Pushed(), 10);
  LookUp({Device("pad")});
  EXPECT_THAT(Tell(), ElementsAre("pad")) << "it is not forgotten";
}

TEST_F(PushQueueTest, WhatIsTooOldGoes) {
  Change("a");
  Change("b");
  LookUp({Device("pad"), Device("watch")});
  Tell(PushEnd::kTransient);
  now_ += absl::Minutes(15);
  queue_->Advance(now_);
  EXPECT_EQ(queue_->waiting(), 0U);
  EXPECT_EQ(Pushed(), 2);
  EXPECT_EQ(queue_->TakeDropped().aged, 4);
  EXPECT_EQ(queue_->TakeDropped().aged, 0);
}

TEST_F(PushQueueTest, AYoungerChangeIsStillTold) {
  Change("a", "phone");
  LookUp({Device("pad")});
  Tell(PushEnd::kTransient);
  now_ += absl::Minutes(10);
  const Position last = Change("a", "phone");
  now_ += absl::Minutes(6);
  queue_->Advance(now_);
  EXPECT_EQ(Pushed(), last - 1);
  LookUp({Device("pad")});
  EXPECT_THAT(Tell(), ElementsAre("pad"));
  EXPECT_EQ(Pushed(), last);
}

TEST_F(PushQueueTest, WhatIsTooOldWhenItIsReadIsNotTaken) {
  queue_->Add({{1, "who", "a"}, 5, kShard, 1, "", now_ - absl::Minutes(15)}, now_);
  queue_->ReadThrough(5);
  EXPECT_EQ(queue_->waiting(), 0U);
  EXPECT_EQ(queue_->TakeDropped().aged, 1);
  EXPECT_EQ(Pushed(), 5);
}

TEST_F(PushQueueTest, BeyondItsBoundTheOldestOfTheLargestPoolGoes) {
  Make({.bytes = 20'000});
  Change("mine", "", 2);
  const Position kept = position_;
  for (int i = 0; i < 100; ++i) Change(absl::StrCat("d", i), "", 1);
  EXPECT_LE(queue_->bytes(), 20'000);
  EXPECT_EQ(queue_->TakeDropped().overflow + static_cast<std::int64_t>(queue_->waiting()), 101);
  EXPECT_EQ(Pushed(), kept - 1) << "the small pool's is there";
  const auto lookups = queue_->TakeLookups(1000, now_);
  EXPECT_TRUE(std::any_of(lookups.begin(), lookups.end(),
                          [](const auto& lookup) { return lookup.key.dataset_name == "d99"; }));
}

TEST_F(PushQueueTest, PoolsTakeTurns) {
  Make({.in_flight = 100, .in_flight_of_pool = 4});
  for (int i = 0; i < 50; ++i) Change(absl::StrCat("d", i), "", 1);
  Change("d", "", 2);
  Change("d", "", 3);
  LookUp({Device("pad")});
  std::vector<std::int32_t> order;
  for (const auto& push : TakeAll()) order.push_back(push.key.pool_number);
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 1, 1, 1));
}

TEST_F(PushQueueTest, APoolLeavesOthersAsMuchAsItHas) {
  Make({.in_flight = 10, .in_flight_of_pool = 8});
  for (int i = 0; i < 20; ++i) Change(absl::StrCat("d", i), "", 1);
  LookUp({Device("pad")});
  EXPECT_THAT(TakeAll(), SizeIs(5));
  for (int i = 0; i < 20; ++i) Change(absl::StrCat("d", i), "", 2);
  LookUp({Device("pad")});
  EXPECT_THAT(TakeAll(), SizeIs(3));
}

TEST_F(PushQueueTest, AThrottledPoolDelaysNoOther) {
  for (int i = 0; i < 5; ++i) Change(absl::StrCat("d", i), "", 1);
  LookUp({Device("pad")});
  Tell(PushEnd::kThrottled);
  Change("d", "", 1);
  Change("d", "", 2);
  const auto lookups = LookUp({Device("pad")});
  ASSERT_THAT(lookups, SizeIs(1));
  EXPECT_EQ(lookups[0].key.pool_number, 2);
  EXPECT_THAT(Tell(), SizeIs(1));
}

TEST_F(PushQueueTest, NewSettingsAreTriedAtOnceAndRemovedOnesEndThePushes) {
  Change("a");
  LookUp({Device("pad")});
  Tell(PushEnd::kDenied);
  EXPECT_THAT(Tell(), IsEmpty());
  queue_->RenewPool(1);
  EXPECT_THAT(Tell(PushEnd::kDenied), ElementsAre("pad"));
  const auto in_flight = Change("b");
  queue_->RenewPool(1);
  LookUp({Device("pad")});
  const auto pushes = TakeAll();
  queue_->DropPool(1);
  EXPECT_EQ(queue_->waiting(), 0U);
  EXPECT_EQ(Pushed(), in_flight);
  EXPECT_GT(queue_->TakeDropped().abandoned, 0);
  for (const auto& push : pushes) queue_->Finish(push, PushEnd::kSent, now_);
  EXPECT_EQ(queue_->in_flight(), 0U);
}

TEST_F(PushQueueTest, ThatAPoolFailedIsForgottenOnceNothingWaitedForAWhile) {
  Make({.in_flight_of_pool = 2});
  Change("d");
  LookUp({Device("a")});
  Tell(PushEnd::kDenied);
  now_ += absl::Hours(1);
  EXPECT_THAT(TakeAll(), IsEmpty()) << "it is too old";
  Change("e");
  LookUp({Device("a"), Device("b")});
  EXPECT_THAT(TakeAll(), SizeIs(2));
}

}  // namespace
}  // namespace tidemark::publisher
