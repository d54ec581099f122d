#include "common/seal/record_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/seal/seal.h"

namespace tidemark::seal {
namespace {

using ::testing::MatchesRegex;

config::Keyring Ring(const std::string& text) { return config::Keyring::Parse(text).value(); }

const std::string kOld = "old:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n";
const std::string kNew = "new:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=\n";
const absl::Time kExpiry = absl::FromUnixSeconds(1'800'000'000);

TEST(RecordLinkTest, GivesBackKeyAndExpiryOnceExpiredToo) {
  const std::string token = MakeRecordLink(Ring(kOld), {"events/ab.json", kExpiry});
  EXPECT_THAT(token, MatchesRegex("[A-Za-z0-9_-]+"));
  const auto link = OpenRecordLink(Ring(kOld), token);
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->object_key, "events/ab.json");
  EXPECT_EQ(link->expiry, kExpiry);
}

TEST(RecordLinkTest, AnotherKeyOfTheRingOpensItAndAForeignOneDoesNot) {
  const std::string token = MakeRecordLink(Ring(kOld), {"k", kExpiry});
  EXPECT_TRUE(OpenRecordLink(Ring(kNew + kOld), token).has_value());
  EXPECT_FALSE(OpenRecordLink(Ring(kNew), token).has_value());
}

TEST(RecordLinkTest, AnAlteredTokenIsNone) {
  const config::Keyring ring = Ring(kOld);
  const std::string token = MakeRecordLink(ring, {"k", kExpiry});
  EXPECT_TRUE(rc::check("one changed character", [&] {
    std::string altered = token;
    altered[*rc::gen::inRange<std::size_t>(0, token.size())] = *rc::gen::arbitrary<char>();
    RC_PRE(altered != token);
    RC_ASSERT(!OpenRecordLink(ring, altered).has_value());
  }));
}

TEST(RecordLinkTest, OtherTokensOfTheInstallationAreNone) {
  const config::Keyring ring = Ring(kOld);
  EXPECT_FALSE(OpenRecordLink(ring, Seal(ring, "list-records", {}, {"k", "1"})).has_value());
  EXPECT_FALSE(OpenRecordLink(ring, Seal(ring, "record-link", {}, {"k"})).has_value());
  EXPECT_FALSE(OpenRecordLink(ring, Seal(ring, "record-link", {}, {"k", "soon"})).has_value());
}

}  // namespace
}  // namespace tidemark::seal
