#include "cli/output/format.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/base/units.h"
#include "tidemark/stream_config/v1/pool.pb.h"

namespace tidemark::cli {
namespace {

TEST(HumanBytesTest, ShowsTheLargestUnitWithTenthsBelowAHundred) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(100 * kKiB + 900), "100 KiB");
  EXPECT_EQ(HumanBytes(kMiB - 1), "1023 KiB");
  EXPECT_EQ(HumanBytes(kMiB), "1.0 MiB");
  EXPECT_EQ(HumanBytes(5 * kKiB * kMiB / 2), "2.5 GiB");
  EXPECT_EQ(HumanBytes(std::numeric_limits<std::int64_t>::max()), "8191 PiB");
}

TEST(HumanDurationTest, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(HumanDuration(-absl::Seconds(1)), "0s");
  EXPECT_EQ(HumanDuration(absl::ZeroDuration()), "0s");
  EXPECT_EQ(HumanDuration(absl::Microseconds(3)), "1ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(850)), "850ms");
  EXPECT_EQ(HumanDuration(absl::Seconds(42.9)), "42s");
  EXPECT_EQ(HumanDuration(absl::Seconds(200)), "3m 20s");
  EXPECT_EQ(HumanDuration(absl::Hours(2)), "2h");
  EXPECT_EQ(HumanDuration(absl::Hours(99) + absl::Minutes(5)), "4d 3h");
}

TEST(TimesTest, AreRfc3339InUtc) {
  EXPECT_EQ(Rfc3339(absl::FromUnixMillis(1'800'000'000'250)), "2027-01-15T08:00:00.25Z");
  EXPECT_EQ(Rfc3339(absl::FromUnixSeconds(1'800'000'000)), "2027-01-15T08:00:00Z");
  EXPECT_EQ(HumanTime(absl::FromUnixMillis(1'800'000'000'250)), "2027-01-15T08:00:00Z");
  EXPECT_EQ(HumanTime(std::nullopt), "-");
}

TEST(EnumsTest, LoseWhatTheirSiblingsShare) {
  const auto& type = *stream_config::v1::BulkPublishState_descriptor();
  EXPECT_EQ(EnumName(type, 1), "IN_PROGRESS");
  EXPECT_EQ(EnumName(type, 0), "");
  EXPECT_EQ(EnumName(type, 99), "99") << "of a newer service";
  EXPECT_EQ(HumanEnum(stream_config::v1::BULK_PUBLISH_STATE_IN_PROGRESS), "in progress");
  EXPECT_EQ(HumanEnum(stream_config::v1::BULK_PUBLISH_STATE_UNSPECIFIED), "-");
}

TEST(PrintableTest, NothingReachesTheTerminalThatItWouldObey) {
  EXPECT_EQ(Printable("a\x1b[31mb\nc\x7f"), "a\\x1b[31mb\\x0ac\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(Printable("Grüße, 世界"), "Grüße, 世界");
  EXPECT_EQ(OrAbsent(""), "-");
}

}  // namespace
}  // namespace tidemark::cli
