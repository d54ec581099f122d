#include "common/base/owner.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

// Computed apart from this code:
//   python3 -c 'import hashlib;
//   print(int.from_bytes(hashlib.sha256(b"POOL\0IDENTITY").digest()[:8], "big", signed=True))'
TEST(OwnerTest, MatchesTheTestVectors) {
  EXPECT_EQ(OwnerOf("", ""), Owner(7940984811893783192));
  EXPECT_EQ(OwnerOf("us-east-1:00000000-0000-0000-0000-000000000001",
                    "us-east-1:00000000-0000-0000-0000-000000000002"),
            Owner(-6618673527993076344));
}

TEST(OwnerTest, PoolAndIdentityCantRunIntoEachOther) {
  EXPECT_NE(OwnerOf("a", "bc"), OwnerOf("ab", "c"));
}

TEST(OwnerTest, LogShardIsTheLowByteAlsoOfNegativeOwners) {
  EXPECT_EQ(LogShardOf(Owner(0x1ff)), LogShard(0xff));
  EXPECT_EQ(LogShardOf(Owner(-1)), LogShard(255));
  EXPECT_EQ(LogShardOf(Owner(-256)), LogShard(0));
}

}  // namespace
}  // namespace tidemark
