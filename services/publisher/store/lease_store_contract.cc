#include "services/publisher/store/lease_store_contract.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace tidemark::publisher {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

namespace {

constexpr DestinationId kOne{1, 1};
constexpr DestinationId kTwo{2, 7};

Progress Settled(Position position) {
  Progress progress;
  progress.cursors.emplace();
  progress.cursors->settled.fill(position);
  return progress;
}

NewlyParked Parked(DestinationId destination, Position position) {
  return {destination,
          {.position = position,
           .log_shard = LogShard(3),
           .pool_id = "us-east-1:1",
           .identity_id = "us-east-1:2",
           .change = {.dataset_name = "d", .sync_count = 1, .generation = 1},
           .commit_time = absl::UnixEpoch(),
           .event_bytes = 2'000'000,
           .reason = "too large"}};
}

}  // namespace

Leases LeaseStoreContract::Acquire(LeaseStore& store, const std::string& member,
                                   absl::Duration ttl) {
  auto term = store.Acquire(member, ttl);
  EXPECT_TRUE(term.ok()) << term.status();
  if (!term.ok()) return {};
  EXPECT_TRUE(term->has_value()) << "somebody holds the shards";
  return term->value_or(Leases());
}

bool LeaseStoreContract::Waits(LeaseStore& store, const std::string& member) {
  const auto term = store.Acquire(member, absl::Minutes(1));
  EXPECT_TRUE(term.ok()) << term.status();
  return term.ok() && !term->has_value();
}

bool LeaseStoreContract::Store(LeaseStore& store, const std::string& member, const Leases& term,
                               const Progress& progress) {
  const auto stored = store.Store(member, term.tokens, progress);
  EXPECT_TRUE(stored.ok()) << stored.status();
  return stored.value_or(false);
}

bool LeaseStoreContract::Settle(LeaseStore& store, const std::string& member, const Leases& term,
                                Position position) {
  return Store(store, member, term, Settled(position));
}

Leases LeaseStoreContract::TakeOver(const std::string& holder) {
  EXPECT_TRUE(leases_->one().Release(holder).ok());
  return Acquire(leases_->two(), "next");
}

TEST_P(LeaseStoreContract, OneHoldsAllShardsTheOtherWaits) {
  const Leases term = Acquire(leases_->one(), "one");
  EXPECT_THAT(term.tokens, Each(1));
  EXPECT_THAT(term.state.settled, Each(0));
  EXPECT_THAT(term.state.destinations, IsEmpty());
  EXPECT_TRUE(Waits(leases_->two(), "two"));
  EXPECT_TRUE(Waits(leases_->two(), "two"));
}

TEST_P(LeaseStoreContract, AMemberThatDidNotHearThatItTookTheShardsTakesThemAgain) {
  const Leases unheard = Acquire(leases_->one(), "one");
  const Leases term = Acquire(leases_->one(), "one");
  EXPECT_THAT(term.tokens, Each(2));
  EXPECT_FALSE(Settle(leases_->one(), "one", unheard, 10)) << "an older take stores nothing";
  EXPECT_TRUE(Settle(leases_->one(), "one", term, 10));
  EXPECT_TRUE(Waits(leases_->two(), "two"));
}

TEST_P(LeaseStoreContract, ReleasedShardsCanBeTakenAtOnce) {
  const Leases first = Acquire(leases_->one(), "one");
  EXPECT_TRUE(Waits(leases_->two(), "two"));
  ASSERT_TRUE(leases_->one().Release("one").ok());
  const Leases second = Acquire(leases_->two(), "two");
  EXPECT_THAT(second.tokens, Each(2));
  EXPECT_FALSE(Settle(leases_->one(), "one", first, 10)) << "fenced off";
}

TEST_P(LeaseStoreContract, AnExpiredMemberIsReplacedAndFencedOff) {
  constexpr absl::Duration kTtl = absl::Milliseconds(50);
  const Leases first = Acquire(leases_->one(), "one", kTtl);
  ASSERT_TRUE(Settle(leases_->one(), "one", first, 5));
  leases_->Expire(kTtl);
  const Leases second = Acquire(leases_->two(), "two");
  EXPECT_THAT(second.state.settled, Each(5));
  EXPECT_FALSE(Settle(leases_->one(), "one", first, 99));
  const auto renewed = leases_->one().Renew("one", kTtl);
  ASSERT_TRUE(renewed.ok());
  EXPECT_FALSE(*renewed);
  ASSERT_TRUE(leases_->two().Release("two").ok());
  EXPECT_THAT(Acquire(leases_->one(), "three").state.settled, Each(5));
}

TEST_P(LeaseStoreContract, AMemberThatRenewsKeepsItsShards) {
  constexpr absl::Duration kTtl = absl::Milliseconds(50);
  const Leases term = Acquire(leases_->one(), "one", kTtl);
  leases_->Expire(kTtl);  // but nobody else has noticed
  const auto renewed = leases_->one().Renew("one", absl::Minutes(1));
  ASSERT_TRUE(renewed.ok());
  EXPECT_TRUE(*renewed);
  EXPECT_TRUE(Waits(leases_->two(), "two"));
  EXPECT_TRUE(Settle(leases_->one(), "one", term, 1));
}

TEST_P(LeaseStoreContract, ATokenOfAnEarlierTermStoresNothing) {
  const Leases first = Acquire(leases_->one(), "one");
  ASSERT_TRUE(leases_->one().Release("one").ok());
  const Leases second = Acquire(leases_->one(), "one");
  EXPECT_FALSE(Settle(leases_->one(), "one", first, 10));
  EXPECT_TRUE(Settle(leases_->one(), "one", second, 10));
}

TEST_P(LeaseStoreContract, ProgressIsThereForTheNextHolder) {
  const Leases term = Acquire(leases_->one(), "one");
  Progress progress = Settled(10);
  progress.cursors->settled[3] = 7;
  progress.cursors->rows = {{kOne, LogShard(3), 9}, {kTwo, LogShard(4), 5}};
  progress.cursors->joined = {kOne};
  progress.parked = {Parked(kOne, 8), Parked(kTwo, 4), Parked(kOne, 9)};
  progress.gapped = {{kTwo, 3}};
  ASSERT_TRUE(Store(leases_->one(), "one", term, progress));

  const Leases next = TakeOver("one");
  EXPECT_EQ(next.state.settled[3], 7);
  EXPECT_EQ(next.state.settled[4], 10);
  const StoredDestination& one = next.state.destinations.at(kOne);
  EXPECT_TRUE(one.counts);
  EXPECT_THAT(one.cursors, UnorderedElementsAre(Pair(LogShard(3), 9)));
  EXPECT_EQ(one.parked, 2);
  EXPECT_EQ(one.gapped_through, 0);
  const StoredDestination& two = next.state.destinations.at(kTwo);
  EXPECT_FALSE(two.counts);
  EXPECT_THAT(two.cursors, UnorderedElementsAre(Pair(LogShard(4), 5)))
      << "settled positions say nothing about it";
  EXPECT_EQ(two.parked, 1);
  EXPECT_EQ(two.gapped_through, 3);
}

TEST_P(LeaseStoreContract, StoringAgainDoesNoHarmAndNothingGoesBack) {
  const Leases term = Acquire(leases_->one(), "one");
  Progress progress = Settled(10);
  progress.cursors->rows = {{kOne, LogShard(3), 12}};
  progress.parked = {Parked(kOne, 11)};
  progress.gapped = {{kOne, 5}};
  ASSERT_TRUE(Store(leases_->one(), "one", term, progress));
  ASSERT_TRUE(Store(leases_->one(), "one", term, progress));
  Progress older = Settled(8);
  older.cursors->rows = {{kOne, LogShard(3), 11}};
  older.gapped = {{kOne, 4}};
  ASSERT_TRUE(Store(leases_->one(), "one", term, older));

  const Leases next = TakeOver("one");
  EXPECT_THAT(next.state.settled, Each(10));
  const StoredDestination& one = next.state.destinations.at(kOne);
  EXPECT_THAT(one.cursors, UnorderedElementsAre(Pair(LogShard(3), 12)));
  EXPECT_EQ(one.parked, 1);
  EXPECT_EQ(one.gapped_through, 5);
}

TEST_P(LeaseStoreContract, ARemovedDestinationIsForgotten) {
  const Leases term = Acquire(leases_->one(), "one");
  Progress progress = Settled(1);
  progress.cursors->rows = {{kOne, LogShard(3), 9}};
  progress.cursors->joined = {kOne};
  ASSERT_TRUE(Store(leases_->one(), "one", term, progress));
  Progress removal = Settled(1);
  removal.cursors->removed = {kOne};
  ASSERT_TRUE(Store(leases_->one(), "one", term, removal));
  EXPECT_THAT(TakeOver("one").state.destinations, IsEmpty());
}

}  // namespace tidemark::publisher
