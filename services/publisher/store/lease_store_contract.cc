#include "services/publisher/store/lease_store_contract.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"

namespace tidemark::publisher {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

namespace {

constexpr DestinationId kOne{1, 1};
constexpr DestinationId kTwo{2, 7};

ShardPositions At(const ShardSet& held, Position position) {
  ShardPositions positions{};
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (held[i]) positions[i] = position;
  }
  return positions;
}

// With nobody left to be told.
Progress Settled(const ShardSet& held, Position position) {
  Progress progress;
  progress.cursors.emplace().settled = At(held, position);
  progress.pushed = At(held, position);
  return progress;
}

ShardSet Only(std::size_t shard) { return ShardSet().set(shard); }

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

Standing LeaseStoreContract::Join(LeaseStore& store, const std::string& member,
                                  absl::Duration ttl) {
  const auto standing = store.Join(member, ttl);
  EXPECT_TRUE(standing.ok()) << standing.status();
  return standing.value_or(Standing());
}

std::optional<Standing> LeaseStoreContract::Renew(LeaseStore& store, const std::string& member,
                                                  absl::Duration ttl) {
  const auto standing = store.Renew(member, ttl);
  EXPECT_TRUE(standing.ok()) << standing.status();
  return standing.value_or(std::nullopt);
}

Leases LeaseStoreContract::Take(LeaseStore& store, const std::string& member, int shards) {
  auto leases = store.Take(member, shards);
  EXPECT_TRUE(leases.ok()) << leases.status();
  return leases.ok() ? *std::move(leases) : Leases();
}

Leases LeaseStoreContract::TakeAll(LeaseStore& store, const std::string& member,
                                   absl::Duration ttl) {
  Join(store, member, ttl);
  Leases leases = Take(store, member);
  EXPECT_TRUE(leases.held.all()) << "somebody holds some of the shards";
  return leases;
}

bool LeaseStoreContract::Store(LeaseStore& store, const std::string& member, const Leases& leases,
                               const Progress& progress) {
  const auto stored = store.Store(member, leases.tokens, progress);
  EXPECT_TRUE(stored.ok()) << stored.status();
  return stored.value_or(false);
}

bool LeaseStoreContract::Settle(LeaseStore& store, const std::string& member, const Leases& leases,
                                Position position) {
  return Store(store, member, leases, Settled(leases.held, position));
}

Leases LeaseStoreContract::TakeOver(const std::string& holder) {
  EXPECT_TRUE(leases_->one().Leave(holder).ok());
  return TakeAll(leases_->two(), "next");
}

TEST_P(LeaseStoreContract, MembersKnowHowManyTheyAreAndWhatIsFree) {
  Standing one = Join(leases_->one(), "one");
  EXPECT_EQ(one.members, 1);
  EXPECT_EQ(one.rank, 0);
  EXPECT_EQ(one.held, 0);
  EXPECT_EQ(one.free, 256);
  Take(leases_->one(), "one", 100);
  const Standing two = Join(leases_->two(), "two");
  EXPECT_EQ(two.members, 2);
  EXPECT_EQ(two.rank, 1);
  EXPECT_EQ(two.free, 156);
  const auto renewed = Renew(leases_->one(), "one");
  ASSERT_TRUE(renewed.has_value());
  EXPECT_EQ(renewed->members, 2);
  EXPECT_EQ(renewed->rank, 0);
  EXPECT_EQ(renewed->held, 100);
}

TEST_P(LeaseStoreContract, AShardIsHeldByOneMemberAtMost) {
  Join(leases_->one(), "one");
  Join(leases_->two(), "two");
  const Leases one = Take(leases_->one(), "one", 200);
  const Leases two = Take(leases_->two(), "two", 200);
  EXPECT_EQ(one.held.count(), 200U);
  EXPECT_EQ(two.held.count(), 56U);
  EXPECT_TRUE((one.held & two.held).none());
  EXPECT_TRUE((one.held | two.held).all());
  for (std::size_t i = 0; i < kLogShards; ++i) {
    EXPECT_EQ(one.tokens[i], one.held[i] ? 1 : 0);
    EXPECT_EQ(two.tokens[i], two.held[i] ? 1 : 0);
  }
  EXPECT_TRUE(Take(leases_->two(), "two", 200).held == two.held);
}

TEST_P(LeaseStoreContract, WhoIsNoMemberTakesNothing) {
  EXPECT_TRUE(Take(leases_->one(), "nobody").held.none());
  EXPECT_FALSE(Renew(leases_->one(), "nobody").has_value());
}

TEST_P(LeaseStoreContract, ShardsGivenBackCanBeTakenAtOnceAndAreFenced) {
  const Leases first = TakeAll(leases_->one(), "one");
  Join(leases_->two(), "two");
  EXPECT_TRUE(Take(leases_->two(), "two", 128).held.none());
  ASSERT_TRUE(leases_->one().GiveBack("one", 128).ok());
  const Leases rest = Take(leases_->one(), "one", 128);
  EXPECT_EQ(rest.held.count(), 128U);
  const Leases second = Take(leases_->two(), "two", 128);
  EXPECT_TRUE((rest.held | second.held).all());
  EXPECT_FALSE(Settle(leases_->one(), "one", first, 10)) << "fenced off";
  EXPECT_TRUE(Settle(leases_->one(), "one", rest, 10));
  EXPECT_TRUE(Settle(leases_->two(), "two", second, 20));
}

TEST_P(LeaseStoreContract, AMemberThatDidNotHearThatItTookShardsTakesThemAgain) {
  const Leases unheard = TakeAll(leases_->one(), "one");
  const Leases leases = Take(leases_->one(), "one");
  EXPECT_THAT(unheard.tokens, Each(1));
  EXPECT_THAT(leases.tokens, Each(2));
  EXPECT_FALSE(Settle(leases_->one(), "one", unheard, 10)) << "an older take stores nothing";
  EXPECT_TRUE(Settle(leases_->one(), "one", leases, 10));
}

TEST_P(LeaseStoreContract, WhatALeavingMemberHeldCanBeTakenAtOnce) {
  const Leases first = TakeAll(leases_->one(), "one");
  ASSERT_TRUE(leases_->one().Leave("one").ok());
  const Leases second = TakeAll(leases_->two(), "two");
  EXPECT_THAT(second.tokens, Each(2));
  EXPECT_FALSE(Settle(leases_->one(), "one", first, 10)) << "fenced off";
}

TEST_P(LeaseStoreContract, AnExpiredMemberIsReplacedAndFencedOff) {
  constexpr absl::Duration kTtl = absl::Milliseconds(50);
  const Leases first = TakeAll(leases_->one(), "one", kTtl);
  ASSERT_TRUE(Settle(leases_->one(), "one", first, 5));
  leases_->Expire(kTtl);
  const Leases second = TakeAll(leases_->two(), "two");
  EXPECT_THAT(second.state.settled, Each(5));
  EXPECT_FALSE(Settle(leases_->one(), "one", first, 99));
  EXPECT_FALSE(Renew(leases_->one(), "one").has_value());
  ASSERT_TRUE(leases_->two().Leave("two").ok());
  EXPECT_THAT(TakeAll(leases_->one(), "three").state.settled, Each(5));
}

TEST_P(LeaseStoreContract, WhoRenewsNoticesThatOthersExpired) {
  constexpr absl::Duration kTtl = absl::Milliseconds(50);
  Join(leases_->one(), "one");
  Take(leases_->one(), "one", 128);
  Join(leases_->two(), "two", kTtl);
  Take(leases_->two(), "two", 128);
  leases_->Expire(kTtl);
  const auto standing = Renew(leases_->one(), "one");
  ASSERT_TRUE(standing.has_value());
  EXPECT_EQ(standing->members, 1);
  EXPECT_EQ(standing->free, 128);
}

TEST_P(LeaseStoreContract, AMemberThatRenewsKeepsItsShards) {
  constexpr absl::Duration kTtl = absl::Milliseconds(50);
  const Leases leases = TakeAll(leases_->one(), "one", kTtl);
  leases_->Expire(kTtl);  // but nobody else has noticed
  EXPECT_TRUE(Renew(leases_->one(), "one").has_value());
  EXPECT_EQ(Join(leases_->two(), "two").free, 0);
  EXPECT_TRUE(Settle(leases_->one(), "one", leases, 1));
}

TEST_P(LeaseStoreContract, ProgressIsThereForTheNextHolder) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 10);
  progress.cursors->settled[3] = 7;
  progress.cursors->added = {{kOne, 1}, {kTwo, 2}};
  progress.cursors->rows = {{kOne, LogShard(3), 9}, {kTwo, LogShard(4), 5}};
  progress.cursors->joined = {{kOne, ShardSet().set()}};
  progress.parked = {Parked(kOne, 8), Parked(kTwo, 4), Parked(kOne, 9)};
  progress.gapped = {{kTwo, 3}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));

  const Leases next = TakeOver("one");
  EXPECT_EQ(next.state.settled[3], 7);
  EXPECT_EQ(next.state.settled[4], 10);
  const StoredDestination& one = next.state.destinations.at(kOne);
  EXPECT_TRUE(one.counted.all());
  EXPECT_THAT(one.cursors, UnorderedElementsAre(Pair(LogShard(3), 9)));
  EXPECT_EQ(one.parked, 2);
  EXPECT_EQ(one.gapped_through, 0);
  const StoredDestination& two = next.state.destinations.at(kTwo);
  EXPECT_TRUE(two.counted.none());
  EXPECT_THAT(two.cursors, UnorderedElementsAre(Pair(LogShard(4), 5)))
      << "settled positions say nothing about it";
  EXPECT_EQ(two.parked, 1);
  EXPECT_EQ(two.gapped_through, 3);
}

TEST_P(LeaseStoreContract, AHolderOfSomeShardsSeesTheirProgressAlone) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 10);
  progress.cursors->added = {{kOne, 1}};
  progress.cursors->rows = {{kOne, LogShard(3), 9}, {kOne, LogShard(200), 5}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  ASSERT_TRUE(leases_->one().Leave("one").ok());
  Join(leases_->two(), "two");
  const Leases next = Take(leases_->two(), "two", 1);
  EXPECT_TRUE(next.held == Only(0));
  EXPECT_EQ(next.state.settled[0], 10);
  EXPECT_EQ(next.state.settled[1], 0);
  EXPECT_EQ(next.state.pushed[0], 10);
  EXPECT_EQ(next.state.pushed[1], 0);
}

TEST_P(LeaseStoreContract, ADestinationCountsWhereItJoinedAndNotWhereItLeft) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress joined = Settled(leases.held, 10);
  joined.cursors->added = {{kOne, 1}};
  joined.cursors->joined = {{kOne, Only(3) | Only(4) | Only(255)}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, joined));
  Progress left = Settled(leases.held, 12);
  left.cursors->left = {{kOne, Only(4)}};
  left.cursors->rows = {{kOne, LogShard(4), 11}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, left));
  const Leases next = TakeOver("one");
  EXPECT_TRUE(next.state.destinations.at(kOne).counted == (Only(3) | Only(255)));
}

TEST_P(LeaseStoreContract, TheLowMarkIsWhatTheSlowestNeeds) {
  const Leases leases = TakeAll(leases_->one(), "one");
  EXPECT_EQ(leases_->two().LowMark().value(), 0);
  Progress progress = Settled(leases.held, 20);
  progress.cursors->added = {{kOne, 5}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  EXPECT_EQ(leases_->two().LowMark().value(), 5) << "its start, as it counts nowhere";
  progress.cursors->joined = {{kOne, ShardSet().set().reset(7)}};
  progress.cursors->rows = {{kOne, LogShard(7), 9}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  EXPECT_EQ(leases_->two().LowMark().value(), 9);
  progress.cursors->joined = {{kOne, Only(7)}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  EXPECT_EQ(leases_->two().LowMark().value(), 20);
}

TEST_P(LeaseStoreContract, PushedPositionsAreThereForTheNextHolderAndNeverGoBack) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 20);
  progress.pushed->at(3) = 12;
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  progress.pushed = At(leases.held, 10);
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  progress.pushed.reset();
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  EXPECT_EQ(leases_->two().LowMark().value(), 12) << "the log is kept for who is to be told";
  Progress pushed;
  pushed.pushed = At(Only(3), 15);
  ASSERT_TRUE(Store(leases_->one(), "one", leases, pushed)) << "without anything else";
  const Leases next = TakeOver("one");
  EXPECT_EQ(next.state.pushed[3], 15);
  EXPECT_EQ(next.state.pushed[4], 20);
  EXPECT_THAT(next.state.settled, Each(20));
  EXPECT_FALSE(Store(leases_->one(), "one", leases, pushed)) << "fenced off";
}

TEST_P(LeaseStoreContract, TheLogIsNotKeptForADestinationThatIsTurnedOffUntilItIsOnAgain) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 20);
  progress.cursors->added = {{kOne, 5}};
  progress.cursors->rows = {{kOne, LogShard(7), 9}};
  progress.cursors->retired = {kOne};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  EXPECT_EQ(leases_->two().LowMark().value(), 20);
  Progress on = Settled(leases.held, 20);
  on.cursors->added = {{kOne, 5}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, on));
  EXPECT_EQ(leases_->two().LowMark().value(), 5);
  EXPECT_THAT(TakeOver("one").state.destinations.at(kOne).cursors,
              UnorderedElementsAre(Pair(LogShard(7), 9)))
      << "it goes on from where it was";
}

TEST_P(LeaseStoreContract, TheLogIsKeptForADestinationThatRests) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 20);
  progress.cursors->added = {{kOne, 5}};
  progress.cursors->joined = {{kOne, ShardSet().set()}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  EXPECT_EQ(leases_->two().LowMark().value(), 20);
  Progress rests = Settled(leases.held, 30);
  rests.cursors->left = {{kOne, ShardSet().set()}};
  rests.cursors->resting = {kOne};
  for (std::size_t i = 0; i < kLogShards; ++i) {
    rests.cursors->rows.push_back({kOne, LogShard(static_cast<std::uint8_t>(i)), 21});
  }
  ASSERT_TRUE(Store(leases_->one(), "one", leases, rests));
  EXPECT_EQ(leases_->two().LowMark().value(), 21);
  EXPECT_FALSE(TakeOver("one").state.destinations.at(kOne).retired);
}

TEST_P(LeaseStoreContract, StoringAgainDoesNoHarmAndNothingGoesBack) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 10);
  progress.cursors->rows = {{kOne, LogShard(3), 12}};
  progress.parked = {Parked(kOne, 11)};
  progress.gapped = {{kOne, 5}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  Progress older = Settled(leases.held, 8);
  older.cursors->rows = {{kOne, LogShard(3), 11}};
  older.gapped = {{kOne, 4}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, older));

  const Leases next = TakeOver("one");
  EXPECT_THAT(next.state.settled, Each(10));
  const StoredDestination& one = next.state.destinations.at(kOne);
  EXPECT_THAT(one.cursors, UnorderedElementsAre(Pair(LogShard(3), 12)));
  EXPECT_EQ(one.parked, 1);
  EXPECT_EQ(one.gapped_through, 5);
}

TEST_P(LeaseStoreContract, ARemovedDestinationIsForgotten) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress = Settled(leases.held, 1);
  progress.cursors->added = {{kOne, 1}};
  progress.cursors->rows = {{kOne, LogShard(3), 9}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  Progress removal = Settled(leases.held, 1);
  removal.cursors->removed = {kOne};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, removal));
  EXPECT_THAT(TakeOver("one").state.destinations, IsEmpty());
}

TEST_P(LeaseStoreContract, AReplayedChangeIsOffTheListAndARefusedOneStays) {
  const Leases leases = TakeAll(leases_->one(), "one");
  Progress progress;
  progress.parked = {Parked(kOne, 8), Parked(kOne, 9), Parked(kTwo, 8)};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, progress));
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  ASSERT_EQ(leases_->parked().Replay("us-east-1:1", {}, deadline).value(), 3);

  Progress replayed;
  replayed.replays = {{{8, kOne}, std::nullopt},
                      {{9, kOne}, "too large again", 3'000'000},
                      {{10, kOne}, std::nullopt},
                      {{10, kTwo}, "there is no such change"}};
  ASSERT_TRUE(Store(leases_->one(), "one", leases, replayed));
  ASSERT_TRUE(Store(leases_->one(), "one", leases, replayed)) << "does no harm";
  const auto left = leases_->parked().List("", {}, 10, deadline).value().changes;
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].destination, kTwo);
  EXPECT_NE(left[0].replay_time, std::nullopt) << "not done yet";
  EXPECT_EQ(left[1].event.position, 9);
  EXPECT_EQ(left[1].replay_time, std::nullopt);
  EXPECT_EQ(left[1].event.reason, "too large again");
  EXPECT_EQ(left[1].event.event_bytes, 3'000'000);

  TakeOver("one");
  replayed.replays = {{{8, kTwo}, std::nullopt}};
  EXPECT_FALSE(Store(leases_->one(), "one", leases, replayed));
  EXPECT_EQ(leases_->parked().List("", {}, 10, deadline).value().changes.size(), 2U)
      << "a publisher without the shards changes nothing";
}

}  // namespace tidemark::publisher
