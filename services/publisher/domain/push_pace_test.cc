#include "services/publisher/domain/push_pace.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "services/publisher/domain/testing/fixed_random.h"

namespace tidemark::publisher {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

class PushPaceTest : public ::testing::Test {
 protected:
  // Sends one and hears of it.
  void Try(PushEnd end, absl::Time now = kNow) {
    pace_.Sent();
    pace_.Answered(end, now, random_);
  }

  FixedRandom random_;
  PushPace pace_{8};
};

TEST_F(PushPaceTest, AllowsAsManyAsItsBound) {
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(pace_.Allows(kNow));
    pace_.Sent();
  }
  EXPECT_FALSE(pace_.Allows(kNow));
  pace_.Answered(PushEnd::kSent, kNow, random_);
  EXPECT_TRUE(pace_.Allows(kNow));
}

TEST_F(PushPaceTest, FailuresShrinkItToOneAndThenMakeItPause) {
  Try(PushEnd::kTransient);
  EXPECT_EQ(pace_.limit(), 4U);
  EXPECT_TRUE(pace_.Allows(kNow)) << "one that fails among many is no reason to pause";
  Try(PushEnd::kTransient);
  Try(PushEnd::kTransient);
  EXPECT_EQ(pace_.limit(), 1U);
  EXPECT_FALSE(pace_.Allows(kNow));
  const absl::Duration first = pace_.paused_until() - kNow;
  EXPECT_TRUE(pace_.Allows(kNow + first));
  absl::Time now = kNow;
  for (int i = 0; i < 20; ++i) {
    now = pace_.paused_until();
    Try(PushEnd::kTransient, now);
  }
  EXPECT_GT(pace_.paused_until() - now, 10 * first);
}

TEST_F(PushPaceTest, GrowsAgainWhileSomethingSucceeds) {
  Try(PushEnd::kThrottled);
  EXPECT_FALSE(pace_.Allows(kNow)) << "a throttle pauses at once";
  for (int i = 0; i < 4; ++i) Try(PushEnd::kDisabled, kNow + absl::Hours(1));
  EXPECT_EQ(pace_.limit(), 8U);
  EXPECT_TRUE(pace_.AtRest(kNow));
}

TEST_F(PushPaceTest, AFailureIsRememberedForAWhile) {
  for (int i = 0; i < 5; ++i) Try(PushEnd::kDenied);
  pace_.Sent();
  EXPECT_FALSE(pace_.AtRest(kNow + absl::Hours(1))) << "one is on its way";
  pace_.Answered(PushEnd::kDenied, kNow, random_);
  EXPECT_FALSE(pace_.AtRest(std::max(kNow, pace_.paused_until())));
  EXPECT_TRUE(pace_.AtRest(kNow + absl::Hours(1)));
}

TEST_F(PushPaceTest, ThoseInFlightBesideAFailureCountOnce) {
  for (int i = 0; i < 8; ++i) pace_.Sent();
  pace_.Answered(PushEnd::kDenied, kNow, random_);
  const absl::Time until = pace_.paused_until();
  for (int i = 0; i < 7; ++i) pace_.Answered(PushEnd::kDenied, kNow, random_);
  EXPECT_EQ(pace_.paused_until(), until);
}

TEST_F(PushPaceTest, NewSettingsAreTriedAtOnce) {
  for (int i = 0; i < 5; ++i) Try(PushEnd::kDenied);
  EXPECT_FALSE(pace_.Allows(kNow));
  pace_.Renew();
  EXPECT_TRUE(pace_.Allows(kNow));
}

}  // namespace
}  // namespace tidemark::publisher
