#include <gmock/gmock.h>

#include "absl/time/clock.h"
#include "services/publisher/store/lease_store_contract.h"

// Of LeaseStoreContract: bulk publishes.
namespace tidemark::publisher {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

namespace {

constexpr DestinationId kOne{1, 1};

BulkShard ShardAt(std::int64_t owner, std::int64_t datasets) {
  return {.place = {owner, "us-east-1:2", "d"}, .counts = {datasets, 0, 10 * datasets}};
}

Progress Bulk(std::int64_t job, LogShard shard, const BulkShard& at) {
  Progress progress;
  progress.bulk = {{.pool_number = 1, .job = job, .log_shard = shard, .shard = at}};
  return progress;
}

}  // namespace

TEST_P(LeaseStoreContract, HowFarABulkPublishIsIsKnownToAll) {
  const Leases leases = TakeAll(leases_->one(), "one");
  BulkShard failed = ShardAt(-3, 2);
  failed.counts.failed = 1;
  failed.failure = {"us-east-1:2", "bad", "too large"};
  failed.done = true;
  ASSERT_TRUE(Store(leases_->one(), "one", leases, Bulk(1, LogShard(3), ShardAt(3, 1))));
  ASSERT_TRUE(Store(leases_->one(), "one", leases, Bulk(1, LogShard(253), failed)));
  ASSERT_TRUE(Store(leases_->one(), "one", leases, Bulk(1, LogShard(3), ShardAt(259, 2))));
  ASSERT_TRUE(Store(leases_->one(), "one", leases, Bulk(2, LogShard(3), ShardAt(1, 1))));
  EXPECT_THAT(*leases_->bulk().Load(1, 1), UnorderedElementsAre(Pair(LogShard(3), ShardAt(259, 2)),
                                                                Pair(LogShard(253), failed)));
  EXPECT_THAT(*leases_->bulk().Load(2, 1), IsEmpty());
}

TEST_P(LeaseStoreContract, WhoIsFencedOffStoresNothingOfABulkPublish) {
  const Leases first = TakeAll(leases_->one(), "one");
  ASSERT_TRUE(leases_->one().Leave("one").ok());
  TakeAll(leases_->two(), "two");
  EXPECT_FALSE(Store(leases_->one(), "one", first, Bulk(1, LogShard(3), ShardAt(3, 1))));
  EXPECT_THAT(*leases_->bulk().Load(1, 1), IsEmpty());
}

TEST_P(LeaseStoreContract, EndedBulkPublishesAreForgotten) {
  const Leases leases = TakeAll(leases_->one(), "one");
  for (const std::int64_t job : {1, 2, 3}) {
    ASSERT_TRUE(Store(leases_->one(), "one", leases, Bulk(job, LogShard(3), ShardAt(3, 1))));
  }
  const BulkStore::Ended ended{1, 2};
  ASSERT_TRUE(leases_->bulk().Forget({&ended, 1}).ok());
  EXPECT_THAT(*leases_->bulk().Load(1, 1), IsEmpty());
  EXPECT_THAT(*leases_->bulk().Load(1, 2), IsEmpty());
  EXPECT_EQ(leases_->bulk().Load(1, 3)->size(), 1U);
}

TEST_P(LeaseStoreContract, BulkPublishesOfAPoolAreForgottenWithItsLastDestination) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Bulk(1, LogShard(3), ShardAt(3, 1));
  progress.cursors = {.added = {{kOne, 0}, {{7, 1}, 0}}};
  progress.bulk.push_back({.pool_number = 7, .job = 1, .shard = ShardAt(3, 1)});
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  Progress replaced;
  replaced.cursors = {.added = {{{1, 2}, 0}}, .removed = {kOne}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, replaced));
  EXPECT_EQ(leases_->bulk().Load(1, 1)->size(), 1U) << "its pool has another stream";
  Progress gone;
  gone.cursors = {.removed = {{1, 2}}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, gone));
  EXPECT_THAT(*leases_->bulk().Load(1, 1), IsEmpty());
  EXPECT_EQ(leases_->bulk().Load(7, 1)->size(), 1U) << "another pool";
}

TEST_P(LeaseStoreContract, ABulkPublishThatBeganAfterALossHealsIt) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress gapped;
  gapped.gapped = {{kOne, 5}};
  const absl::Time before = absl::Now() - absl::Hours(1);
  ASSERT_TRUE(Store(leases_->one(), "one", leases, gapped));
  Progress healed;
  healed.healed = {{kOne, before}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, healed));
  EXPECT_EQ(TakeOver("one").state.destinations.at(kOne).gapped_through, 5)
      << "lost after it had begun";
  healed.healed = {{kOne, absl::Now() + absl::Hours(1)}};
  EXPECT_FALSE(Store(leases_->one(), "one", leases, healed)) << "fenced off";
  ASSERT_TRUE(leases_->two().Leave("next").ok());
  const Leases last = TakeAll(leases_->one(), "three");
  ASSERT_TRUE(Store(leases_->one(), "three", last, healed));
  EXPECT_EQ(TakeOver("three").state.destinations.at(kOne).gapped_through, 0);
}

}  // namespace tidemark::publisher
