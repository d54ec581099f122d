#include "services/push/domain/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::push {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What is said of a token, or nothing.
std::string SaidOf(Platform platform, std::string_view token) {
  errors::Violations violations;
  CheckToken("token", platform, token, violations);
  const auto found = errors::ViolationsOf(violations.ToStatus());
  if (found.empty()) return "";
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].field, "token");
  return found[0].description;
}

TEST(CheckTokenTest, TakesUpTo4KiB) {
  for (const Platform platform : {Platform::kGcm, Platform::kAdm}) {
    EXPECT_THAT(SaidOf(platform, "x"), IsEmpty());
    EXPECT_THAT(SaidOf(platform, std::string(4096, 'x')), IsEmpty());
    EXPECT_THAT(SaidOf(platform, std::string(4097, 'x')), HasSubstr("4097 bytes; at most 4096"));
    EXPECT_THAT(SaidOf(platform, ""), HasSubstr("is empty"));
  }
}

TEST(CheckTokenTest, TakesOddCharactersButNoControls) {
  for (const char* const token :
       {"a:b_c-d", " ", "'; DROP", "%00", "caf\xC3\xA9", "\xC2\xA0", "\xF0\x9F\x98\x80", "\"\\"}) {
    EXPECT_THAT(SaidOf(Platform::kGcm, token), IsEmpty()) << token;
  }
  for (const std::string& token :
       {std::string("a\0b", 3), std::string("a\n"), std::string("\x1F"), std::string("\x7F"),
        std::string("a\xC2\x80"), std::string("\xC2\x9F")}) {
    EXPECT_THAT(SaidOf(Platform::kGcm, token), HasSubstr("control characters"));
  }
}

TEST(CheckTokenTest, ApplesAreHexadecimal) {
  for (const Platform platform : {Platform::kApns, Platform::kApnsSandbox}) {
    EXPECT_THAT(SaidOf(platform, std::string(64, 'A')), IsEmpty());
    EXPECT_THAT(SaidOf(platform, std::string(400, 'f')), IsEmpty());
    for (const std::string& token : {std::string(63, 'a'), std::string(401, 'a'),
                                     std::string(63, 'a') + "g", std::string(63, 'a') + " "}) {
      EXPECT_THAT(SaidOf(platform, token), HasSubstr("64 to 400 hexadecimal digits"));
    }
  }
}

TEST(CheckTokenTest, TellsNothingOfTheToken) {
  for (const std::string& token :
       {std::string(4097, 'Q'), std::string("QQQ\x01"), std::string(65, 'Q')}) {
    EXPECT_THAT(SaidOf(Platform::kApns, token), Not(HasSubstr("QQ")));
  }
}

TEST(CheckDeviceIdTest, TakesAnyTextOfUpTo256Bytes) {
  const auto ok = [](std::string_view id) {
    errors::Violations violations;
    CheckDeviceId("device_id", id, violations);
    return violations.empty();
  };
  EXPECT_TRUE(ok("x"));
  EXPECT_TRUE(ok(std::string(256, 'x')));
  EXPECT_FALSE(ok(""));
  EXPECT_FALSE(ok(std::string(257, 'x')));
  EXPECT_FALSE(ok(std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace tidemark::push
