#include "common/config/units.h"

#include <gtest/gtest.h>

namespace tidemark::config {
namespace {

TEST(UnitsTest, DurationsNeedAUnit) {
  EXPECT_EQ(*ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(*ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("0"), absl::ZeroDuration());
  for (const char* bad : {"", "5", "5 parsecs", "-1s", "inf", "1d"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(UnitsTest, ByteSizesAreWholeAndBinary) {
  EXPECT_EQ(*ParseByteSize("512"), 512);
  EXPECT_EQ(*ParseByteSize("512B"), 512);
  EXPECT_EQ(*ParseByteSize("64KiB"), 65536);
  EXPECT_EQ(*ParseByteSize("8MiB"), 8 << 20);
  EXPECT_EQ(*ParseByteSize("1TiB"), std::int64_t{1} << 40);
  for (const char* bad :
       {"", "MiB", "1.5MiB", "-1", "1MB", "1kb", "9223372036854775807KiB", " 1"}) {
    EXPECT_FALSE(ParseByteSize(bad).ok()) << bad;
  }
}

TEST(UnitsTest, ByteSizesAreShownInTheLargestWholeUnit) {
  EXPECT_EQ(FormatByteSize(8 << 20), "8MiB");
  EXPECT_EQ(FormatByteSize(1536), "1536B");
  EXPECT_EQ(FormatByteSize(0), "0B");
}

TEST(UnitsTest, AddressesTakeNamesAndBothIpVersions) {
  EXPECT_EQ(*ParseAddress("localhost:7001"), (Address{"localhost", 7001}));
  EXPECT_EQ(*ParseAddress("0.0.0.0:0"), (Address{"0.0.0.0", 0}));
  EXPECT_EQ(*ParseAddress("[::1]:65535"), (Address{"::1", 65535}));
  for (const char* bad : {"", "host", ":1", "host:", "host:65536", "host:+1", "::1:7001", "[]:1",
                          "a b:1", "http://host:1"}) {
    EXPECT_FALSE(ParseAddress(bad).ok()) << bad;
  }
}

TEST(UnitsTest, AddressesSurviveFormatting) {
  for (const char* text : {"localhost:7001", "[::1]:0"}) {
    EXPECT_EQ(FormatAddress(*ParseAddress(text)), text);
  }
}

}  // namespace
}  // namespace tidemark::config
