#include "common/aws/server_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/service_client.h"
#include "common/obs/log.h"
#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using testing::SettableClock;

HttpResponse DatedAt(const char* date) {
  return {.status = 403, .headers = {{"date", date}}, .body = {}};
}

TEST(ServerClockTest, IsOursUntilAnAnswerShowsOtherwise) {
  const SettableClock own;
  ServerClock clock(own);
  EXPECT_EQ(clock.Now(), own.Now());
  std::string logged;
  const obs::ScopedLogSink sink([&logged](std::string_view line) { logged += line; });
  clock.SetBy(DatedAt("Thu, 01 Jan 2026 00:20:00 GMT"));
  EXPECT_EQ(clock.Now(), own.Now() + absl::Minutes(20));
  EXPECT_THAT(logged, HasSubstr("\"ahead_seconds\":-1200"));
  logged.clear();
  clock.SetBy(DatedAt("Thu, 01 Jan 2026 00:20:01 GMT"));
  EXPECT_EQ(clock.Now(), own.Now() + absl::Minutes(20) + absl::Seconds(1));
  EXPECT_EQ(logged, "");
  clock.SetBy(DatedAt("Wed, 31 Dec 2025 23:00:00 GMT"));
  EXPECT_EQ(clock.Now(), own.Now() - absl::Hours(1));
}

TEST(ServerClockTest, AnAnswerWithoutADateChangesNothing) {
  const SettableClock own;
  ServerClock clock(own);
  clock.SetBy({.status = 403, .headers = {}, .body = {}});
  clock.SetBy(DatedAt("yesterday"));
  EXPECT_EQ(clock.Now(), own.Now());
}

TEST(ServerClockTest, TellsAWrongTimeFromAWrongSecret) {
  const auto is = [](const char* code, const char* message) {
    return IsClockError({.code = code, .message = message, .request_id = {}});
  };
  EXPECT_TRUE(is("RequestTimeTooSkewed", ""));
  EXPECT_TRUE(is("RequestExpired", ""));
  EXPECT_TRUE(is("SignatureDoesNotMatch",
                 "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"));
  EXPECT_TRUE(is("InvalidSignatureException", "Signature not yet current: 20260101T002000Z"));
  EXPECT_FALSE(is("SignatureDoesNotMatch", "The request signature we calculated does not match"));
  EXPECT_FALSE(is("ExpiredToken", "Signature expired"));
}

}  // namespace
}  // namespace tidemark::aws
