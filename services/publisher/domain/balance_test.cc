#include "services/publisher/domain/balance.h"

#include <gtest/gtest.h>

#include "common/base/owner.h"

namespace tidemark::publisher {
namespace {

TEST(BalanceTest, SharesAddUpToAllShardsAndDifferByOneAtMost) {
  for (const int members : {1, 2, 3, 5, 100, 255, 256, 300}) {
    int sum = 0;
    for (int rank = 0; rank < members; ++rank) {
      const int share = FairShare({.members = members, .rank = rank});
      EXPECT_GE(share, static_cast<int>(kLogShards) / members);
      EXPECT_LE(share, static_cast<int>(kLogShards) / members + 1);
      sum += share;
    }
    EXPECT_EQ(sum, kLogShards) << members;
  }
}

TEST(BalanceTest, WhoHoldsItsShareStaysAsItIs) {
  EXPECT_FALSE(WantsToMove({.members = 1, .held = 256}));
  EXPECT_FALSE(WantsToMove({.members = 2, .held = 128, .free = 128}));
  EXPECT_FALSE(WantsToMove({.members = 300, .rank = 299, .held = 0, .free = 1}));
}

TEST(BalanceTest, WhoHoldsMoreGivesBackAndWhoHoldsLessTakesWhatIsFree) {
  EXPECT_TRUE(WantsToMove({.members = 2, .held = 256}));
  EXPECT_TRUE(WantsToMove({.members = 2, .held = 0, .free = 1}));
  EXPECT_FALSE(WantsToMove({.members = 2, .held = 0, .free = 0})) << "the other gives back first";
}

}  // namespace
}  // namespace tidemark::publisher
