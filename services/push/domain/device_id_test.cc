#include "services/push/domain/device_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tidemark::push {
namespace {

const IdentityKey kIdentity = IdentityKey::Of("r:1", "r:a");

// Computed apart from this code:
//   python3 -c 'import hashlib, uuid; print(uuid.UUID(
//       bytes=hashlib.sha256(b"r:1\0r:a\0GCM\0token\0").digest()[:16], version=4))'
TEST(DeviceIdTest, MatchesTheTestVector) {
  EXPECT_EQ(DeviceIdOf(kIdentity, Platform::kGcm, "token"), "2b2676f4-d8f6-415a-a0fd-e5d5451cc731");
}

TEST(DeviceIdTest, DiffersWithEachPart) {
  const std::set<std::string> ids = {
      DeviceIdOf(kIdentity, Platform::kGcm, "t"),
      DeviceIdOf(kIdentity, Platform::kAdm, "t"),
      DeviceIdOf(kIdentity, Platform::kGcm, "u"),
      DeviceIdOf(IdentityKey::Of("r:1", "r:b"), Platform::kGcm, "t"),
      DeviceIdOf(IdentityKey::Of("r:2", "r:a"), Platform::kGcm, "t"),
      DeviceIdOf(kIdentity, Platform::kApns, "t"),
      DeviceIdOf(kIdentity, Platform::kApnsSandbox, "t"),
  };
  EXPECT_EQ(ids.size(), 7U);
}

TEST(DeviceIdTest, ADigestTellsTokensApartAndShowsNone) {
  EXPECT_EQ(DigestOf("token").size(), 32U);
  EXPECT_EQ(DigestOf("token"), DigestOf("token"));
  EXPECT_NE(DigestOf("token"), DigestOf("tokem"));
  EXPECT_THAT(DigestOf("token"), ::testing::Not(::testing::HasSubstr("token")));
}

}  // namespace
}  // namespace tidemark::push
