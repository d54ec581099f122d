#include "common/aws/role_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RoleRefusalsTest : public ::testing::Test {
 protected:
  testing::SettableClock clock_;
  RoleRefusals refusals_{clock_};
};

TEST_F(RoleRefusalsTest, OneRoleAloneIsSuspectedItself) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(refusals_.SuspectsIdentity("a"));
}

TEST_F(RoleRefusalsTest, SeveralRolesSpeakAgainstTheIdentityUntilOneIsAssumed) {
  EXPECT_FALSE(refusals_.SuspectsIdentity("a"));
  EXPECT_TRUE(refusals_.SuspectsIdentity("b"));
  EXPECT_TRUE(refusals_.SuspectsIdentity("b"));
  EXPECT_TRUE(refusals_.SuspectsIdentity("a"));
  EXPECT_TRUE(refusals_.SuspectsIdentity("c"));
  refusals_.Assumed();
  EXPECT_FALSE(refusals_.SuspectsIdentity("a"));
  EXPECT_TRUE(refusals_.SuspectsIdentity("c"));
}

TEST_F(RoleRefusalsTest, ARefusalIsForgottenAfterAnHour) {
  EXPECT_FALSE(refusals_.SuspectsIdentity("a"));
  clock_.passed = absl::Minutes(59);
  EXPECT_TRUE(refusals_.SuspectsIdentity("b"));
  clock_.passed = absl::Minutes(61);
  EXPECT_FALSE(refusals_.SuspectsIdentity("b"));
}

TEST_F(RoleRefusalsTest, ItIsLoggedOnceAMinute) {
  std::vector<std::string> lines;
  const obs::ScopedLogSink sink([&lines](std::string_view line) { lines.emplace_back(line); });
  refusals_.SuspectsIdentity("a");
  refusals_.SuspectsIdentity("b");
  refusals_.SuspectsIdentity("a");
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("\"error\""), HasSubstr("own AWS identity"))));
}

}  // namespace
}  // namespace tidemark::aws
