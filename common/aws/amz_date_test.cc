#include "common/aws/amz_date.h"

#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

TEST(AmzDateTest, WritesAndReadsItsForm) {
  const absl::Time time = absl::FromUnixSeconds(1440938160);
  EXPECT_EQ(AmzDate(time).text(), "20150830T123600Z");
  EXPECT_EQ(AmzDate(time).day(), "20150830");
  ASSERT_TRUE(AmzDate::Parse("20150830T123600Z"));
  EXPECT_EQ(AmzDate::Parse("20150830T123600Z")->time(), time);
}

TEST(AmzDateTest, CutsToWholeSeconds) {
  EXPECT_EQ(AmzDate(absl::FromUnixMillis(1440938160999)).time(), absl::FromUnixSeconds(1440938160));
}

TEST(AmzDateTest, RefusesWhatIsNotATime) {
  for (const char* text :
       {"", "20150830T123600", "20150830 123600Z", "2015-08-30T12:36:00Z", "20150230T123600Z",
        "20150830T246000Z", "20150830T12360+Z", "20150830T123600ZZ", "-0150830T123600Z"}) {
    EXPECT_FALSE(AmzDate::Parse(text)) << text;
  }
}

TEST(AmzDateTest, ReadsADateHeader) {
  const auto date = AmzDate::ParseHttpDate("Sun, 30 Aug 2015 12:36:00 GMT");
  ASSERT_TRUE(date);
  EXPECT_EQ(date->text(), "20150830T123600Z");
  EXPECT_EQ(AmzDate::ParseHttpDate("Sun, 30 Aug 2015 12:36:00 -0000")->text(), "20150830T123600Z");
  EXPECT_EQ(AmzDate::ParseHttpDate("Sun, 30 Aug 2015 14:36:00 +0200")->text(), "20150830T123600Z");
  EXPECT_TRUE(AmzDate::ParseHttpDate("20150830T123600Z"));
  EXPECT_FALSE(AmzDate::ParseHttpDate("yesterday"));
  EXPECT_FALSE(AmzDate::ParseHttpDate("Sun, 30 Aug 12015 12:36:00 GMT"));
}

}  // namespace
}  // namespace tidemark::aws
