#include "services/publisher/store/steering_contract.h"

#include <gmock/gmock.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tidemark::publisher {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;
using ::testing::SizeIs;

namespace {

constexpr DestinationId kOne{1, 1};
constexpr DestinationId kOneLater{1, 4};
constexpr DestinationId kTwo{2, 7};

std::string PoolOf(std::int32_t pool_number) { return absl::StrCat("us-east-1:", pool_number); }

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

ShardSet Shards(std::initializer_list<int> numbers) {
  ShardSet shards;
  for (const int number : numbers) shards.set(static_cast<std::size_t>(number));
  return shards;
}

std::vector<Position> PositionsOf(const std::vector<StoredParkedChange>& changes) {
  std::vector<Position> positions;
  for (const StoredParkedChange& change : changes) positions.push_back(change.event.position);
  return positions;
}

DestinationReport Report(DestinationId destination, std::int64_t waiting) {
  return {.destination = destination,
          .waiting = waiting,
          .oldest_commit = absl::FromUnixMicros(1'700'000'000'000'001 + waiting),
          .split_off = waiting > 100,
          .last_error = "throttled"};
}

std::vector<std::pair<std::string, DestinationReport>> ToldIn(const Overview& overview) {
  std::vector<std::pair<std::string, DestinationReport>> told;
  for (const Overview::Told& one : overview.reports) told.emplace_back(one.member, one.report);
  return told;
}

}  // namespace

void SteeringContract::Park(DestinationId destination, Position position, int log_shard) {
  store_->Park(destination, {.position = position,
                             .log_shard = LogShard(static_cast<std::uint8_t>(log_shard)),
                             .pool_id = PoolOf(destination.pool_number),
                             .identity_id = "us-east-1:2",
                             .change = {.dataset_name = "d",
                                        .kind = ChangeKind::kDelete,
                                        .sync_count = 6,
                                        .generation = 2},
                             .commit_time = absl::FromUnixMicros(1'700'000'000'123'456),
                             .event_bytes = 2'000'000,
                             .reason = "too large"});
}

std::vector<StoredParkedChange> SteeringContract::Parked(const std::string& pool_id) {
  const auto page = store_->parked().List(pool_id, {}, 1000, Deadline());
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? page->changes : std::vector<StoredParkedChange>();
}

std::int64_t SteeringContract::Replay(std::int32_t pool_number,
                                      const std::vector<Position>& positions) {
  const auto changes = store_->parked().Replay(PoolOf(pool_number), positions, Deadline());
  EXPECT_TRUE(changes.ok()) << changes.status();
  return changes.value_or(-1);
}

std::int64_t SteeringContract::Discard(std::int32_t pool_number,
                                       const std::vector<Position>& positions) {
  const auto changes = store_->parked().Discard(PoolOf(pool_number), positions, Deadline());
  EXPECT_TRUE(changes.ok()) << changes.status();
  return changes.value_or(-1);
}

Ordered SteeringContract::Read(const ShardSet& shards, const ParkedCursor& after, int limit) {
  auto ordered = store_->orders().Read(shards, after, limit);
  EXPECT_TRUE(ordered.ok()) << ordered.status();
  return ordered.ok() ? *std::move(ordered) : Ordered();
}

std::vector<Position> SteeringContract::Replays(const ShardSet& shards, const ParkedCursor& after,
                                                int limit) {
  return PositionsOf(Read(shards, after, limit).replays);
}

Overview SteeringContract::Look(std::optional<std::int32_t> pool_number) {
  auto overview = store_->steering().Look(pool_number, Deadline());
  EXPECT_TRUE(overview.ok()) << overview.status();
  return overview.ok() ? *std::move(overview) : Overview();
}

TEST_P(SteeringContract, ParkedChangesAreListedAsTheyWereParked) {
  Park(kOne, 7, 255);
  const auto parked = Parked();
  ASSERT_THAT(parked, SizeIs(1));
  EXPECT_EQ(parked[0].destination, kOne);
  EXPECT_EQ(parked[0].replay_time, std::nullopt);
  const ParkedEvent& event = parked[0].event;
  EXPECT_EQ(event.position, 7);
  EXPECT_EQ(event.log_shard, LogShard(255));
  EXPECT_EQ(event.pool_id, PoolOf(1));
  EXPECT_EQ(event.identity_id, "us-east-1:2");
  EXPECT_EQ(event.change, (ChangeIdentity{"d", ChangeKind::kDelete, 6, 2}));
  EXPECT_EQ(event.commit_time, absl::FromUnixMicros(1'700'000'000'123'456));
  EXPECT_EQ(event.event_bytes, 2'000'000);
  EXPECT_EQ(event.reason, "too large");
}

TEST_P(SteeringContract, ParkedChangesAreListedInPages) {
  for (const Position position : {9, 3, 5}) Park(kOne, position);
  Park(kTwo, 5);
  Park(kOneLater, 5);
  auto page = store_->parked().List("", {}, 2, Deadline()).value();
  EXPECT_THAT(PositionsOf(page.changes), ElementsAre(3, 5));
  EXPECT_TRUE(page.more);
  page = store_->parked().List("", {5, page.changes[1].destination}, 3, Deadline()).value();
  ASSERT_THAT(PositionsOf(page.changes), ElementsAre(5, 5, 9));
  EXPECT_EQ(page.changes[0].destination, kOneLater);
  EXPECT_EQ(page.changes[1].destination, kTwo);
  EXPECT_FALSE(page.more);
  EXPECT_THAT(PositionsOf(Parked(PoolOf(2))), ElementsAre(5));
}

TEST_P(SteeringContract, WhatThereIsOfPoolsThatAreGoneIsForgotten) {
  Park(kOne, 5, 3);
  Park(kOne, 6, 4);
  Park(kTwo, 7, 3);
  for (const std::int32_t pool : {1, 2, 9}) {
    ASSERT_TRUE(store_->steering().Pause(pool, "why", Deadline()).ok());
  }
  Park({8, 1}, 9, 77);
  const ShardSet shards = Shards({3, 200});
  EXPECT_THAT(store_->orders().Pools(shards).value(), ElementsAre(1, 2, 9));
  ASSERT_TRUE(store_->orders().Forget({1, 9}, shards).ok());
  EXPECT_THAT(PositionsOf(Parked()), ElementsAre(6, 7, 9)) << "in these shards, of these pools";
  EXPECT_THAT(Read(shards).pauses, ElementsAre(Key(2)));
  EXPECT_THAT(store_->orders().Pools(Shards({4, 77})).value(), ElementsAre(1, 2, 8));
}

TEST_P(SteeringContract, ThePoolsChangesAtPositionsAreReplayed) {
  for (const Position position : {3, 5, 9}) Park(kOne, position);
  Park(kTwo, 5);
  EXPECT_EQ(Replay(1, {5, 9, 100}), 2);
  EXPECT_THAT(Replays(Shards({3})), ElementsAre(5, 9));
  EXPECT_EQ(Parked()[0].replay_time, std::nullopt);
  EXPECT_NE(Parked()[1].replay_time, std::nullopt);
  EXPECT_EQ(Replay(3, {5}), 0) << "another pool";
}

TEST_P(SteeringContract, WithoutPositionsAllOfThePoolAreReplayed) {
  Park(kOne, 3);
  Park(kOneLater, 4);
  Park(kTwo, 5);
  EXPECT_EQ(Replay(1, {}), 2);
  EXPECT_THAT(Replays(Shards({3})), ElementsAre(3, 4));
}

TEST_P(SteeringContract, AskingForAReplayAgainKeepsItsTime) {
  Park(kOne, 3);
  EXPECT_EQ(Replay(1, {3}), 1);
  const auto first = Parked()[0].replay_time;
  EXPECT_EQ(Replay(1, {}), 1);
  EXPECT_EQ(Parked()[0].replay_time, first);
}

TEST_P(SteeringContract, ReplaysAreReadByShardAndInPieces) {
  for (const int shard : {0, 1, 255}) {
    for (int i = 1; i <= 3; ++i) Park(kOne, 10 * shard + i, shard);
  }
  EXPECT_EQ(Replay(1, {}), 9);
  EXPECT_THAT(Replays(Shards({0, 255})), ElementsAre(1, 2, 3, 2551, 2552, 2553));
  EXPECT_THAT(Replays(Shards({0, 255}), {}, 2), ElementsAre(1, 2));
  EXPECT_THAT(Replays(Shards({0, 255}), {2, kOne}, 2), ElementsAre(3, 2551));
  EXPECT_THAT(Replays(Shards({0, 255}), {2, kOneLater}, 1), ElementsAre(3));
  EXPECT_THAT(Replays({}), IsEmpty());
}

TEST_P(SteeringContract, DiscardedChangesAreGone) {
  for (const Position position : {3, 5, 9}) Park(kOne, position);
  Park(kTwo, 5);
  EXPECT_EQ(Replay(1, {}), 3);
  EXPECT_EQ(Discard(1, {5, 9, 100}), 2);
  EXPECT_THAT(PositionsOf(Parked()), ElementsAre(3, 5));
  EXPECT_EQ(Discard(2, {}), 1);
  EXPECT_THAT(PositionsOf(Parked()), ElementsAre(3));
  EXPECT_THAT(Replays(Shards({3})), ElementsAre(3));
  EXPECT_EQ(Discard(2, {}), 0);
}

TEST_P(SteeringContract, ParkedChangesAreCounted) {
  Park(kOne, 1, 1);
  Park(kOne, 2, 2);
  Park(kTwo, 3, 2);
  EXPECT_EQ(store_->orders().CountParked(Shards({2})).value(), 2);
  EXPECT_EQ(store_->orders().CountParked({}).value(), 0);
  EXPECT_THAT(Look().parked, ElementsAre(Pair(kOne, 2), Pair(kTwo, 1)));
  EXPECT_THAT(Look(2).parked, ElementsAre(Pair(kTwo, 1)));
}

TEST_P(SteeringContract, APauseLastsUntilItIsResumed) {
  EXPECT_THAT(Read({}).pauses, IsEmpty());
  ASSERT_TRUE(store_->steering().Pause(1, "moving house", Deadline()).ok());
  ASSERT_TRUE(store_->steering().Pause(2, "", Deadline()).ok());
  const Pauses pauses = Read({}).pauses;
  ASSERT_THAT(pauses, ElementsAre(Key(1), Key(2)));
  EXPECT_EQ(pauses.at(1).reason, "moving house");
  ASSERT_TRUE(store_->steering().Pause(1, "still moving", Deadline()).ok());
  EXPECT_EQ(Read({}).pauses.at(1).reason, "still moving");
  EXPECT_EQ(Read({}).pauses.at(1).pause_time, pauses.at(1).pause_time);
  EXPECT_THAT(Look().pauses, ElementsAre(Key(1), Key(2)));
  EXPECT_THAT(Look(2).pauses, ElementsAre(Key(2)));
  ASSERT_TRUE(store_->steering().Resume(1, Deadline()).ok());
  ASSERT_TRUE(store_->steering().Resume(1, Deadline()).ok()) << "a no-op";
  EXPECT_THAT(Read({}).pauses, ElementsAre(Key(2)));
}

TEST_P(SteeringContract, MembersAreShownWithWhatTheyHold) {
  EXPECT_THAT(Look().members, IsEmpty());
  EXPECT_EQ(Look().free_log_shards, 256);
  const absl::Time expiry = absl::FromUnixMicros(4'000'000'000'000'001);
  store_->SetMember("b", Shards({1, 2, 255}), expiry);
  store_->SetMember("a", {}, expiry);
  const Overview overview = Look(77);
  ASSERT_THAT(overview.members, SizeIs(2));
  EXPECT_EQ(overview.members[0].id, "a");
  EXPECT_EQ(overview.members[0].log_shards, 0);
  EXPECT_EQ(overview.members[1].id, "b");
  EXPECT_EQ(overview.members[1].log_shards, 3);
  EXPECT_EQ(overview.members[1].expire_time, expiry);
  EXPECT_GT(overview.members[1].start_time, absl::UnixEpoch());
  EXPECT_EQ(overview.free_log_shards, 253);
  store_->SetMember("a", (~Shards({1, 2, 255})), expiry);
  EXPECT_EQ(Look().free_log_shards, 0);
  store_->RemoveMember("b");
  EXPECT_EQ(Look().free_log_shards, 3);
}

TEST_P(SteeringContract, AReportReplacesTheMembersLast) {
  store_->SetMember("a", {}, absl::InfiniteFuture());
  store_->SetMember("b", {}, absl::InfiniteFuture());
  Orders& orders = store_->orders();
  ASSERT_TRUE(orders.Report("a", {Report(kTwo, 5), Report(kOne, 3)}).ok());
  DestinationReport idle{.destination = kOne, .split_off = true};
  ASSERT_TRUE(orders.Report("b", {idle}).ok());
  EXPECT_THAT(ToldIn(Look()),
              ElementsAre(Pair("a", Report(kOne, 3)), Pair("b", idle), Pair("a", Report(kTwo, 5))));
  EXPECT_THAT(ToldIn(Look(2)), ElementsAre(Pair("a", Report(kTwo, 5))));
  ASSERT_TRUE(orders.Report("a", {Report(kOne, 300)}).ok());
  EXPECT_THAT(ToldIn(Look()), ElementsAre(Pair("a", Report(kOne, 300)), Pair("b", idle)));
  ASSERT_TRUE(orders.Report("a", {Report(kOne, 300)}).ok()) << "the same again";
  ASSERT_TRUE(orders.Report("b", {}).ok());
  EXPECT_THAT(ToldIn(Look()), ElementsAre(Pair("a", Report(kOne, 300))));
}

TEST_P(SteeringContract, ReportsGoWithTheirMember) {
  store_->SetMember("a", {}, absl::InfiniteFuture());
  ASSERT_TRUE(store_->orders().Report("a", {Report(kOne, 3)}).ok());
  store_->RemoveMember("a");
  EXPECT_THAT(Look().reports, IsEmpty());
  EXPECT_TRUE(store_->orders().Report("a", {Report(kOne, 3)}).ok()) << "says nothing any more";
  EXPECT_THAT(Look().reports, IsEmpty());
}

TEST_P(SteeringContract, AReportIsBounded) {
  store_->SetMember("a", {}, absl::InfiniteFuture());
  std::vector<DestinationReport> reports;
  for (std::int32_t pool = 1; pool <= 1001; ++pool) reports.push_back(Report({pool, 1}, 3));
  ASSERT_TRUE(store_->orders().Report("a", reports).ok());
  EXPECT_THAT(Look().reports, SizeIs(Orders::kMaxReports));
  EXPECT_THAT(Look(1001).reports, IsEmpty());
}

TEST_P(SteeringContract, DestinationsThatLostChangesAreShown) {
  store_->SetGapped(kOne, 12);
  store_->SetGapped(kTwo, 13);
  EXPECT_THAT(Look().gapped_through, ElementsAre(Pair(kOne, 12), Pair(kTwo, 13)));
  EXPECT_THAT(Look(1).gapped_through, ElementsAre(Pair(kOne, 12)));
}

}  // namespace tidemark::publisher
