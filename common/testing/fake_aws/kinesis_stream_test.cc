#include "common/testing/fake_aws/kinesis_stream.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemark::fake_aws {
namespace {

KinesisStream Stream(int shards) { return {"s", "arn:s", shards, absl::UnixEpoch()}; }

TEST(KinesisStreamTest, ShardsSplitTheHashKeysEvenly) {
  EXPECT_EQ(Stream(1).FirstHashKey(0), "0");
  EXPECT_EQ(Stream(1).LastHashKey(0), "340282366920938463463374607431768211455");
  const KinesisStream two = Stream(2);
  EXPECT_EQ(two.LastHashKey(0), "170141183460469231731687303715884105727");
  EXPECT_EQ(two.FirstHashKey(1), "170141183460469231731687303715884105728");
  EXPECT_EQ(two.LastHashKey(1), "340282366920938463463374607431768211455");
  EXPECT_EQ(Stream(3).FirstHashKey(1), "113427455640312821154458202477256070485");
}

// MD5("a") = 0cc1..., MD5("b") = 92eb..., computed with md5sum.
TEST(KinesisStreamTest, AKeysMd5ChoosesItsShard) {
  const KinesisStream stream = Stream(2);
  EXPECT_EQ(stream.ShardOf("a"), 0);
  EXPECT_EQ(stream.ShardOf("b"), 1);
  std::set<int> used;
  for (int i = 0; i < 200; ++i) used.insert(Stream(7).ShardOf(std::to_string(i)));
  EXPECT_EQ(used, (std::set<int>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(KinesisStreamTest, SequenceNumbersGrowAndAllHave56Digits) {
  KinesisStream stream = Stream(1);
  std::string last;
  for (int i = 0; i < 1200; ++i) {
    const std::string next = stream.Append(0, 10, nullptr);
    EXPECT_EQ(next.size(), 56u);
    EXPECT_GT(next, last);
    last = next;
  }
  EXPECT_EQ(stream.accepted(), 1200u);
  EXPECT_EQ(stream.accepted_bytes(), 12000u);
  EXPECT_TRUE(stream.records().empty());
}

}  // namespace
}  // namespace tidemark::fake_aws
