#include "common/aws/role_credentials.h"

#include <gtest/gtest.h>

#include "common/aws/stub_transport.h"
#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using testing::SettableClock;

class RoleCredentialsTest : public ::testing::Test {
 protected:
  RoleCredentials Make(std::size_t max_roles = 3) {
    const auto base = std::make_shared<StaticCredentials>(
        Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()});
    return {{.patience = absl::Minutes(1), .max_roles = max_roles},
            StsClient("eu-west-1", Endpoint::OfAws("sts", "eu-west-1"), transport_, base, clock_),
            {.wall = clock_, .boottime = clock_},
            SystemRandom()};
  }

  SettableClock clock_;
  StubTransport transport_;
};

TEST_F(RoleCredentialsTest, ARoleHasOneProviderForEachExternalId) {
  RoleCredentials roles = Make();
  const auto a = roles.Of("role", "1");
  EXPECT_EQ(roles.Of("role", "1"), a);
  EXPECT_NE(roles.Of("role", "2"), a);
  EXPECT_NE(roles.Of("other", "1"), a);
  EXPECT_EQ(roles.size(), 3u);
  EXPECT_TRUE(transport_.requests.empty());  // nobody asked for the credentials yet
  a->Get([](const auto& got) { EXPECT_FALSE(got.ok()); });
  EXPECT_EQ(transport_.requests.size(), 1u);
}

TEST_F(RoleCredentialsTest, TheOneUnusedForLongestGoesWhenThereAreTooMany) {
  RoleCredentials roles = Make();
  const auto a = roles.Of("a", "");
  const auto b = roles.Of("b", "");
  roles.Of("c", "");
  roles.Of("a", "");
  roles.Of("d", "");
  EXPECT_EQ(roles.size(), 3u);
  EXPECT_EQ(roles.Of("a", ""), a);
  EXPECT_NE(roles.Of("b", ""), b);
}

TEST_F(RoleCredentialsTest, ADroppedRoleIsAssumedAnew) {
  RoleCredentials roles = Make();
  const auto a = roles.Of("a", "1");
  const auto b = roles.Of("b", "1");
  roles.Drop("a", "1");
  roles.Drop("a", "1");
  EXPECT_EQ(roles.size(), 1u);
  EXPECT_NE(roles.Of("a", "1"), a);
  EXPECT_EQ(roles.Of("b", "1"), b);
}

TEST_F(RoleCredentialsTest, WhatIsNotUsedForAnHourGoes) {
  RoleCredentials roles = Make();
  const auto a = roles.Of("a", "");
  const auto b = roles.Of("b", "");
  clock_.passed = absl::Minutes(59);
  EXPECT_EQ(roles.Of("a", ""), a);
  clock_.passed = absl::Minutes(61);
  EXPECT_EQ(roles.Of("a", ""), a);
  EXPECT_EQ(roles.size(), 1u);
}

}  // namespace
}  // namespace tidemark::aws
