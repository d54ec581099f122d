#include "common/testing/fake_aws/kinesis_stream.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemark::fake_aws {
namespace {

KinesisStream Stream(int shards) { return {"s", "arn:s", shards, absl::UnixEpoch()}; }

std::string First(const KinesisStream& stream, int shard) {
  return Decimal(stream.shards()[shard].first_hash_key);
}
std::string Last(const KinesisStream& stream, int shard) {
  return Decimal(stream.shards()[shard].last_hash_key);
}

TEST(KinesisStreamTest, ShardsSplitTheHashKeysEvenly) {
  EXPECT_EQ(First(Stream(1), 0), "0");
  EXPECT_EQ(Last(Stream(1), 0), "340282366920938463463374607431768211455");
  const KinesisStream two = Stream(2);
  EXPECT_EQ(Last(two, 0), "170141183460469231731687303715884105727");
  EXPECT_EQ(First(two, 1), "170141183460469231731687303715884105728");
  EXPECT_EQ(Last(two, 1), "340282366920938463463374607431768211455");
  EXPECT_EQ(First(Stream(3), 1), "113427455640312821154458202477256070485");
}

TEST(KinesisStreamTest, ReshardingClosesShardsAndHandsTheirKeysOn) {
  KinesisStream stream = Stream(2);
  stream.Append(0, 1, nullptr);
  EXPECT_FALSE(stream.Reshard(3));
  EXPECT_FALSE(stream.Reshard(2));
  ASSERT_TRUE(stream.Reshard(4));
  EXPECT_EQ(stream.open_shards(), 4);
  ASSERT_EQ(stream.shards().size(), 6u);
  EXPECT_EQ(stream.shards()[1].closed_at, 1u);
  EXPECT_EQ(stream.shards()[4].parent, 1);
  EXPECT_EQ(stream.ChildrenOf(1), (std::vector<int>{4, 5}));
  EXPECT_EQ(First(stream, 4), First(stream, 1));
  EXPECT_EQ(Last(stream, 5), Last(stream, 1));
  EXPECT_EQ(Last(stream, 4), "255211775190703847597530955573826158591");

  ASSERT_TRUE(stream.Reshard(2));
  ASSERT_EQ(stream.shards().size(), 8u);
  EXPECT_EQ(stream.shards()[7].parent, 4);
  EXPECT_EQ(stream.shards()[7].adjacent_parent, 5);
  EXPECT_EQ(First(stream, 7), First(stream, 1));
  for (int i = 0; i < 100; ++i) {
    const int shard = stream.ShardOf(std::to_string(i));
    EXPECT_EQ(shard - 6, Stream(2).ShardOf(std::to_string(i)));
    EXPECT_FALSE(stream.shards()[shard].closed_at);
  }
  ASSERT_TRUE(stream.Reshard(1));
  EXPECT_EQ(stream.ShardOf("any"), 8);
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
