#include "services/publisher/store/postgres_steering.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/pg/reconnector.h"
#include "services/publisher/store/postgres_orders.h"
#include "services/publisher/store/postgres_parked_changes.h"
#include "services/publisher/store/postgres_progress.h"
#include "services/publisher/store/steering_contract.h"
#include "services/publisher/store/testing/postgres_database.h"

namespace tidemark::publisher {
namespace {

class PostgresUnderTest final : public SteeringUnderTest {
 public:
  PostgresUnderTest() { Clear(SharedDatabase()); }

  ParkedChanges& parked() override { return parked_; }
  Steering& steering() override { return steering_; }
  Orders& orders() override { return orders_; }

  // As the leases' store does it.
  void Park(DestinationId destination, const ParkedEvent& event) override {
    auto connection = connections_.Acquire(absl::Seconds(10));
    ASSERT_TRUE(connection.ok()) << connection.status();
    auto transaction = pg::Transaction::Begin(**connection, absl::Now() + absl::Seconds(10));
    ASSERT_TRUE(transaction.ok()) << transaction.status();
    const absl::Status stored = StoreProgress(*transaction, {.parked = {{destination, event}}});
    ASSERT_TRUE(stored.ok()) << stored;
    ASSERT_TRUE((*std::move(transaction)).Commit().ok());
  }
  void SetMember(const std::string& id, const ShardSet& shards, absl::Time expire_time) override {
    const std::string expiry =
        expire_time == absl::InfiniteFuture()
            ? "infinity"
            : absl::FormatTime(absl::RFC3339_full, expire_time, absl::UTCTimeZone());
    SharedDatabase().Run(absl::StrCat(
        "INSERT INTO publisher.member (member_id, expires_time) VALUES ('", id, "', '", expiry,
        "') ON CONFLICT (member_id) DO UPDATE SET expires_time = excluded.expires_time;"
        "UPDATE publisher.lease SET member_id = NULL WHERE member_id = '",
        id, "'"));
    std::string held;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      if (shards[i]) absl::StrAppend(&held, held.empty() ? "" : ",", i);
    }
    if (held.empty()) return;
    SharedDatabase().Run(absl::StrCat("UPDATE publisher.lease SET member_id = '", id,
                                      "' WHERE log_shard IN (", held, ")"));
  }
  void RemoveMember(const std::string& id) override {
    SharedDatabase().Run(absl::StrCat("DELETE FROM publisher.member WHERE member_id = '", id, "'"));
  }
  void SetGapped(DestinationId destination, Position through) override {
    SharedDatabase().Run(absl::StrCat(
        "INSERT INTO publisher.destination (pool_number, epoch, gapped_through) VALUES (",
        destination.pool_number, ", ", destination.epoch, ", ", through, ")"));
  }

 private:
  PostgresParkedChanges parked_{ServiceOptions(SharedDatabase())};
  PostgresSteering steering_{ServiceOptions(SharedDatabase())};
  PostgresOrders orders_{ServiceOptions(SharedDatabase())};
  pg::Reconnector connections_{ServiceOptions(SharedDatabase())};
};

INSTANTIATE_TEST_SUITE_P(Postgres, SteeringContract, ::testing::Values(SteeringFactory([] {
                           return std::make_unique<PostgresUnderTest>();
                         })));

TEST(PostgresOrdersTest, WhatIsAsItWasIsNotWrittenAgain) {
  Clear(SharedDatabase());
  SharedDatabase().Run(
      "INSERT INTO publisher.member (member_id, expires_time) VALUES ('a', 'infinity')");
  PostgresOrders orders(ServiceOptions(SharedDatabase()));
  const std::vector<DestinationReport> reports = {{.destination = {1, 1}, .waiting = 3}};
  ASSERT_TRUE(orders.Report("a", reports).ok());
  const auto version = [] {
    pg::Connection connection = SharedDatabase().Connect();
    const auto result = connection.RunOnce("SELECT xmin::text FROM publisher.report", pg::Params(),
                                           absl::Now() + absl::Seconds(10));
    return std::get<0>(result.value().ParseOnly<std::string>().value());
  };
  const std::string before = version();
  ASSERT_TRUE(orders.Report("a", reports).ok());
  EXPECT_EQ(version(), before);
}

}  // namespace
}  // namespace tidemark::publisher
