#include "common/seal/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck.h>

namespace tidemark::seal {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

config::Keyring Ring(std::string_view text) { return config::Keyring::Parse(text).value(); }

constexpr std::string_view kOld = "old:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n";
constexpr std::string_view kNew = "new:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=\n";

TEST(SealTest, GivesBackTheFields) {
  const config::Keyring ring = Ring(kOld);
  const std::string token = Seal(ring, "test", {"pool", "identity"}, {"", "42", "k\xC3\xA9y"});
  EXPECT_THAT(Open(ring, "test", {"pool", "identity"}, token),
              Optional(ElementsAre("", "42", "k\xC3\xA9y")));
}

TEST(SealTest, IsBoundToPurposeAndInputs) {
  const config::Keyring ring = Ring(kOld);
  const std::string token = Seal(ring, "test", {"a", "bc"}, {"x"});
  EXPECT_EQ(Open(ring, "other", {"a", "bc"}, token), std::nullopt);
  EXPECT_EQ(Open(ring, "test", {"ab", "c"}, token), std::nullopt);
  EXPECT_EQ(Open(ring, "test", {"a"}, token), std::nullopt);
}

TEST(SealTest, APreviousKeyStillOpensAndAnUnknownOneDoesNot) {
  const std::string token = Seal(Ring(kOld), "test", {}, {"x"});
  EXPECT_THAT(Open(Ring(std::string(kNew) + std::string(kOld)), "test", {}, token),
              Optional(ElementsAre("x")));
  EXPECT_EQ(Open(Ring(kNew), "test", {}, token), std::nullopt);
}

TEST(SealTest, EveryAlteredTokenIsRefused) {
  const config::Keyring ring = Ring(kOld);
  const std::string token = Seal(ring, "test", {"pool"}, {"12", "key"});
  EXPECT_TRUE(rc::check("one changed character", [&] {
    const auto at = *rc::gen::inRange<std::size_t>(0, token.size());
    std::string altered = token;
    altered[at] = *rc::gen::arbitrary<char>();
    RC_PRE(altered != token);
    RC_ASSERT(!Open(ring, "test", {"pool"}, altered).has_value());
  }));
}

TEST(SealTest, WhiteSpaceIsNoPartOfAToken) {
  const config::Keyring ring = Ring(kOld);
  const std::string token = Seal(ring, "test", {}, {"12"});
  for (const std::string& text :
       {token + "\n", " " + token, token.substr(0, 4) + "\t" + token.substr(4)}) {
    EXPECT_EQ(Open(ring, "test", {}, text), std::nullopt) << text;
  }
}

TEST(SealTest, ForeignTextIsRefused) {
  const config::Keyring ring = Ring(kOld);
  for (const char* text : {"", "AAAA", "!!!", "b2xkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(Open(ring, "test", {}, text), std::nullopt) << text;
  }
}

TEST(SealTest, NumbersAreWholeAndFitSixtyFourBits) {
  EXPECT_THAT(ParseNumber(Number(INT64_MIN)), Optional(INT64_MIN));
  EXPECT_EQ(ParseNumber("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseNumber("1.0"), std::nullopt);
  EXPECT_EQ(ParseNumber(""), std::nullopt);
}

}  // namespace
}  // namespace tidemark::seal
