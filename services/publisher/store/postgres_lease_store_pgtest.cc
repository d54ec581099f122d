#include "services/publisher/store/postgres_lease_store.h"

#include <gtest/gtest.h>

#include <memory>

#include "absl/time/clock.h"
#include "services/publisher/store/lease_store_contract.h"
#include "services/publisher/store/testing/postgres_database.h"

namespace tidemark::publisher {
namespace {

class PostgresLeases final : public LeasesUnderTest {
 public:
  PostgresLeases() { Clear(SharedDatabase()); }

  LeaseStore& one() override { return one_; }
  LeaseStore& two() override { return two_; }
  void Expire(absl::Duration ttl) override { absl::SleepFor(ttl + absl::Milliseconds(1)); }

 private:
  PostgresLeaseStore one_{ServiceOptions(SharedDatabase())};
  PostgresLeaseStore two_{ServiceOptions(SharedDatabase())};
};

INSTANTIATE_TEST_SUITE_P(Postgres, LeaseStoreContract, ::testing::Values(LeasesFactory([] {
                           return std::make_unique<PostgresLeases>();
                         })));

TEST(PostgresLeaseStoreTest, CursorsThatSettledPositionsCoverAreDroppedByTheNextHolder) {
  const testing::TestDatabase& database = SharedDatabase();
  Clear(database);
  database.Run(
      "UPDATE publisher.lease SET settled_position = 10;"
      "INSERT INTO publisher.destination (pool_number, epoch, counts)"
      " VALUES (1, 1, true), (2, 1, false);"
      "INSERT INTO publisher.cursor VALUES (1, 1, 0, 10), (1, 1, 1, 11), (2, 1, 0, 5)");
  PostgresLeaseStore store(ServiceOptions(database));
  const auto term = store.Acquire("one", absl::Minutes(1));
  ASSERT_TRUE(term.ok() && term->has_value());
  const auto& destinations = (*term)->state.destinations;
  EXPECT_EQ(destinations.at({1, 1}).cursors.size(), 1U);
  EXPECT_EQ(destinations.at({1, 1}).cursors.at(LogShard(1)), 11);
  EXPECT_EQ(destinations.at({2, 1}).cursors.size(), 1U);
}

TEST(PostgresLeaseStoreTest, ALostConnectionIsMadeAnew) {
  const testing::TestDatabase& database = SharedDatabase();
  Clear(database);
  PostgresLeaseStore store(ServiceOptions(database));
  ASSERT_TRUE(store.Acquire("one", absl::Minutes(1)).ok());
  Disconnect(database);
  EXPECT_EQ(store.Renew("one", absl::Minutes(1)).status().code(), absl::StatusCode::kUnavailable);
  const auto renewed = store.Renew("one", absl::Minutes(1));
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  EXPECT_TRUE(*renewed);
}

}  // namespace
}  // namespace tidemark::publisher
