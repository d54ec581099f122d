#include "services/publisher/store/postgres_lease_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/publisher/store/lease_store_contract.h"
#include "services/publisher/store/postgres_bulk_store.h"
#include "services/publisher/store/postgres_parked_changes.h"
#include "services/publisher/store/testing/postgres_database.h"

namespace tidemark::publisher {
namespace {

void EndLogAt(Position end) {
  SharedDatabase().Run(absl::StrCat("SELECT setval('dataset.change_log_position', ", end, ")"));
}

Leases TakeAll(PostgresLeaseStore& store) {
  EXPECT_TRUE(store.Join("one", absl::Minutes(1)).ok());
  absl::StatusOr<Leases> leases = store.Take("one", kLogShards);
  EXPECT_TRUE(leases.ok()) << leases.status();
  if (!leases.ok()) return {};
  EXPECT_TRUE(leases->held.all());
  return *std::move(leases);
}

class PostgresLeases final : public LeasesUnderTest {
 public:
  PostgresLeases() {
    Clear(SharedDatabase());
    EndLogAt(100);
  }

  LeaseStore& one() override { return one_; }
  LeaseStore& two() override { return two_; }
  ParkedChanges& parked() override { return parked_; }
  BulkStore& bulk() override { return bulk_; }
  void Expire(absl::Duration ttl) override { absl::SleepFor(ttl + absl::Milliseconds(1)); }

 private:
  PostgresLeaseStore one_{ServiceOptions(SharedDatabase())};
  PostgresLeaseStore two_{ServiceOptions(SharedDatabase())};
  PostgresParkedChanges parked_{ServiceOptions(SharedDatabase())};
  PostgresBulkStore bulk_{ServiceOptions(SharedDatabase())};
};

INSTANTIATE_TEST_SUITE_P(Postgres, LeaseStoreContract, ::testing::Values(LeasesFactory([] {
                           return std::make_unique<PostgresLeases>();
                         })));

TEST(PostgresLeaseStoreTest, CursorsThatSettledPositionsCoverAreDroppedByTheNextHolder) {
  const testing::TestDatabase& database = SharedDatabase();
  Clear(database);
  EndLogAt(11);
  database.Run(
      "UPDATE publisher.lease SET settled_position = 10;"
      "INSERT INTO publisher.destination (pool_number, epoch, counted)"
      " VALUES (1, 1, repeat('1', 256)::bit(256)), (2, 1, repeat('0', 256)::bit(256));"
      "INSERT INTO publisher.cursor VALUES (1, 1, 0, 10), (1, 1, 1, 11), (2, 1, 0, 5)");
  PostgresLeaseStore store(ServiceOptions(database));
  const Leases leases = TakeAll(store);
  const auto& destinations = leases.state.destinations;
  EXPECT_EQ(destinations.at({1, 1}).cursors.size(), 1U);
  EXPECT_EQ(destinations.at({1, 1}).cursors.at(LogShard(1)), 11);
  EXPECT_EQ(destinations.at({2, 1}).cursors.size(), 1U);
  EXPECT_FALSE(leases.cut_back);
}

TEST(PostgresLeaseStoreTest, WhatLiesAboveTheLogsEndIsNotStored) {
  Clear(SharedDatabase());
  EndLogAt(10);
  PostgresLeaseStore store(ServiceOptions(SharedDatabase()));
  const Leases leases = TakeAll(store);
  Progress progress;
  progress.cursors.emplace().settled.fill(10);
  EXPECT_TRUE(store.Store("one", leases.tokens, progress).value());
  Progress above = progress;
  above.cursors->settled[3] = 11;
  EXPECT_EQ(store.Store("one", leases.tokens, above).status().code(), absl::StatusCode::kDataLoss);
  above = progress;
  above.cursors->rows = {{{1, 1}, LogShard(3), 11}};
  EXPECT_EQ(store.Store("one", leases.tokens, above).status().code(), absl::StatusCode::kDataLoss);
  above = progress;
  above.pushed.emplace()[3] = 11;
  EXPECT_EQ(store.Store("one", leases.tokens, above).status().code(), absl::StatusCode::kDataLoss);
}

TEST(PostgresLeaseStoreTest, WhatWasStoredAboveTheLogsEndIsCutBack) {
  const testing::TestDatabase& database = SharedDatabase();
  Clear(database);
  EndLogAt(990);
  database.Run(
      "UPDATE publisher.lease SET settled_position = 1000 WHERE log_shard < 255;"
      "UPDATE publisher.lease SET settled_position = 980 WHERE log_shard = 255;"
      "UPDATE publisher.lease SET pushed_position = 995 WHERE log_shard = 255;"
      "INSERT INTO publisher.cursor VALUES (1, 1, 0, 1005), (1, 1, 255, 985)");
  PostgresLeaseStore store(ServiceOptions(database));
  const Leases leases = TakeAll(store);
  EXPECT_TRUE(leases.cut_back);
  const StoredState& state = leases.state;
  EXPECT_EQ(state.settled[0], 990);
  EXPECT_EQ(state.settled[255], 980);
  EXPECT_EQ(state.pushed[0], 0);
  EXPECT_EQ(state.pushed[255], 990);
  EXPECT_EQ(state.destinations.at({1, 1}).cursors.at(LogShard(0)), 990);
  EXPECT_EQ(state.destinations.at({1, 1}).cursors.at(LogShard(255)), 985);
}

TEST(PostgresLeaseStoreTest, WhatOthersHoldIsNotCutBack) {
  const testing::TestDatabase& database = SharedDatabase();
  Clear(database);
  EndLogAt(100);
  PostgresLeaseStore store(ServiceOptions(database));
  ASSERT_TRUE(store.Join("one", absl::Minutes(1)).ok());
  const auto one = store.Take("one", 128);
  ASSERT_TRUE(one.ok()) << one.status();
  Progress progress;
  CursorUpdate& cursors = progress.cursors.emplace();
  for (std::size_t i = 0; i < kLogShards; ++i) cursors.settled[i] = one->held[i] ? 100 : 0;
  cursors.rows = {{{1, 1}, LogShard(0), 100}};
  ASSERT_TRUE(store.Store("one", one->tokens, progress).value());
  EndLogAt(90);
  ASSERT_TRUE(store.Join("two", absl::Minutes(1)).ok());
  const auto two = store.Take("two", 128);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->held.count(), 128U);
  EXPECT_FALSE(two->cut_back);
  EndLogAt(100);
  const auto again = store.Take("one", 128);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state.settled[0], 100);
  EXPECT_EQ(again->state.destinations.at({1, 1}).cursors.at(LogShard(0)), 100);
}

TEST(PostgresLeaseStoreTest, NothingIsStoredInAnotherDatabase) {
  Clear(SharedDatabase());
  EndLogAt(10);
  PostgresLeaseStore store(ServiceOptions(SharedDatabase()));
  const Leases leases = TakeAll(store);
  const auto other = MakeDatabase();
  other->Run(
      "SELECT setval('dataset.change_log_position', 10);"
      "INSERT INTO publisher.member (member_id, expires_time) VALUES ('one', 'infinity');"
      "UPDATE publisher.lease SET member_id = 'one', fencing_token = 1");
  Swap(SharedDatabase(), *other);
  Progress progress;
  progress.cursors.emplace().settled.fill(10);
  EXPECT_FALSE(store.Store("one", leases.tokens, progress).ok()) << "the connection was lost";
  EXPECT_EQ(store.Store("one", leases.tokens, progress).status().code(),
            absl::StatusCode::kDataLoss);
  const Leases again = TakeAll(store);
  EXPECT_TRUE(store.Store("one", again.tokens, progress).value());
  Swap(SharedDatabase(), *other);
}

TEST(PostgresLeaseStoreTest, ALostConnectionIsMadeAnew) {
  const testing::TestDatabase& database = SharedDatabase();
  Clear(database);
  PostgresLeaseStore store(ServiceOptions(database));
  ASSERT_TRUE(store.Join("one", absl::Minutes(1)).ok());
  Disconnect(database);
  EXPECT_EQ(store.Renew("one", absl::Minutes(1)).status().code(), absl::StatusCode::kUnavailable);
  const auto renewed = store.Renew("one", absl::Minutes(1));
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  EXPECT_TRUE(renewed->has_value());
}

}  // namespace
}  // namespace tidemark::publisher
