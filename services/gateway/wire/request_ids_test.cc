#include "services/gateway/wire/request_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tidemark::gateway {
namespace {

using ::testing::MatchesRegex;

TEST(RequestIdsTest, AreRandomUuids) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewRequestId(SystemRandom());
    ASSERT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                 "[0-9a-f]{12}"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(RequestIdsTest, WritesAreNamedByCallerAndInvocation) {
  EXPECT_EQ(WriteRequestId("KEY", "7b9c"), "KEY/7b9c");
  EXPECT_EQ(WriteRequestId("KEY", ""), "");
  EXPECT_NE(WriteRequestId("A", "1"), WriteRequestId("B", "1"));
}

TEST(RequestIdsTest, LongOrOddNamesAreHashed) {
  const std::string longest(128 - 4, 'x');
  EXPECT_EQ(WriteRequestId("KEY", longest), "KEY/" + longest);
  for (const std::string& id :
       {longest + "x", std::string("a b"), std::string("\xff"), std::string("a\0b", 3)}) {
    EXPECT_THAT(WriteRequestId("KEY", id), MatchesRegex("[0-9a-f]{64}"));
  }
  EXPECT_NE(WriteRequestId("KEY", longest + "x"), WriteRequestId("KEY", longest + "y"));
}

}  // namespace
}  // namespace tidemark::gateway
