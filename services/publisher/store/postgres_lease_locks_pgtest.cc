// What publishers do while others hold locks: they neither wait for them nor deadlock.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>

#include "absl/time/clock.h"
#include "common/testing/eventually.h"
#include "services/publisher/store/postgres_lease_store.h"
#include "services/publisher/store/testing/postgres_database.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kTtl = absl::Minutes(1);

class PostgresLeaseLocksTest : public ::testing::Test {
 protected:
  PostgresLeaseLocksTest() { Clear(SharedDatabase()); }

  // Whether a statement of the other session, which is in a transaction, works.
  ::testing::AssertionResult Other(std::string_view sql) {
    const auto result = other_.RunScript(sql, absl::Now() + absl::Minutes(1));
    if (result.ok()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.status();
  }

  static void MakeExpire(const std::string& member) {
    SharedDatabase().Run(
        "UPDATE publisher.member SET expires_time = clock_timestamp() - interval '1 second'"
        " WHERE member_id = '" +
        member + "'");
  }

  void Take(const std::string& member, int shards) {
    ASSERT_TRUE(store_.Join(member, kTtl).ok());
    ASSERT_TRUE(store_.Take(member, shards).ok());
  }

  Standing Renew(const std::string& member) {
    const auto standing = store_.Renew(member, kTtl);
    EXPECT_TRUE(standing.ok()) << standing.status();
    return standing.ok() ? standing->value_or(Standing()) : Standing();
  }

  static pg::ConnectOptions PatientOptions() {
    pg::ConnectOptions options = ServiceOptions(SharedDatabase());
    options.lock_timeout = options.statement_timeout = absl::Minutes(1);
    return options;
  }

  bool StoreWaits() {
    const auto waiting = watching_.RunOnce(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        "   AND usename = 'tidemark_publisher' AND wait_event_type = 'Lock'",
        pg::Params(), absl::Now() + absl::Minutes(1));
    EXPECT_TRUE(waiting.ok()) << waiting.status();
    return waiting.ok() && waiting->ParseOnly<std::int64_t>().value() == std::tuple(1);
  }

  // Stores `update` while the other session holds what `first` locks: until it waits for that, it
  // must have locked nothing that `second` wants.
  void ExpectOneOrder(const CursorUpdate& update, const std::string& first,
                      const std::string& second) {
    PostgresLeaseStore store(PatientOptions());
    ASSERT_TRUE(store.Join("one", kTtl).ok());
    const auto leases = store.Take("one", kLogShards);
    ASSERT_TRUE(leases.ok()) << leases.status();
    Progress progress;
    progress.cursors = update;
    ASSERT_TRUE(Other("BEGIN; " + first));
    absl::StatusOr<bool> stored = false;
    std::thread thread([&] { stored = store.Store("one", leases->tokens, progress); });
    EXPECT_TRUE(testing::Eventually([&] { return StoreWaits(); }));
    EXPECT_TRUE(Other(second));
    EXPECT_TRUE(Other("ROLLBACK"));
    thread.join();
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_TRUE(*stored);
  }

  PostgresLeaseStore store_{ServiceOptions(SharedDatabase())};
  pg::Connection watching_ = SharedDatabase().Connect();
  pg::Connection other_ = SharedDatabase().Connect();
};

TEST_F(PostgresLeaseLocksTest, OneThatStopsWhileItStoresKeepsNobodyFromRenewing) {
  Take("frozen", 128);
  Take("one", 64);
  MakeExpire("frozen");
  ASSERT_TRUE(
      Other("BEGIN; SELECT 1 FROM publisher.lease WHERE member_id = 'frozen'"
            " FOR NO KEY UPDATE"));
  EXPECT_EQ(Renew("one").members, 2);
  EXPECT_TRUE(store_.Join("two", kTtl).ok());
  ASSERT_TRUE(Other("ROLLBACK"));
  const Standing standing = Renew("one");
  EXPECT_EQ(standing.members, 2) << "it is removed once its session has ended";
  EXPECT_EQ(standing.free, 192);
}

TEST_F(PostgresLeaseLocksTest, OneThatRenewsAtTheSameMomentIsNotRemoved) {
  Take("one", 128);
  Take("two", 128);
  MakeExpire("one");
  MakeExpire("two");
  ASSERT_TRUE(
      Other("BEGIN; UPDATE publisher.member SET expires_time = 'infinity'"
            " WHERE member_id = 'two'"));
  EXPECT_EQ(Renew("one").members, 2);
  ASSERT_TRUE(Other("COMMIT"));
  const Standing standing = Renew("one");
  EXPECT_EQ(standing.members, 2);
  EXPECT_EQ(standing.free, 0);
}

constexpr DestinationId kOne{1, 1};
constexpr DestinationId kTwo{2, 1};
constexpr char kMakeBoth[] =
    "INSERT INTO publisher.destination (pool_number, epoch) VALUES (1, 1), (2, 1);"
    "INSERT INTO publisher.cursor VALUES (1, 1, 0, 0), (1, 1, 1, 0)";

constexpr char kLockOne[] =
    "SELECT 1 FROM publisher.destination WHERE pool_number = 1 FOR NO KEY UPDATE";
constexpr char kLockTwo[] =
    "SELECT 1 FROM publisher.destination WHERE pool_number = 2 FOR NO KEY UPDATE NOWAIT";

TEST_F(PostgresLeaseLocksTest, DestinationsThatChangeAreLockedInOneOrder) {
  SharedDatabase().Run(kMakeBoth);
  CursorUpdate update;
  update.joined = {{kTwo, ShardSet().set()}};
  update.left = {{kOne, ShardSet().set()}};
  ExpectOneOrder(update, kLockOne, kLockTwo);
}

TEST_F(PostgresLeaseLocksTest, DestinationsAreMadeInOneOrder) {
  CursorUpdate update;
  update.added = {{kTwo, 0}, {kOne, 0}};
  ExpectOneOrder(update, "INSERT INTO publisher.destination VALUES (1, 1)",
                 "INSERT INTO publisher.destination VALUES (2, 1)");
}

TEST_F(PostgresLeaseLocksTest, ADestinationIsLockedBeforeItsCursorsAreForgotten) {
  SharedDatabase().Run(kMakeBoth);
  CursorUpdate update;
  update.removed = {kOne};
  ExpectOneOrder(update, kLockOne,
                 "SELECT 1 FROM publisher.cursor WHERE pool_number = 1 FOR UPDATE NOWAIT");
}

TEST_F(PostgresLeaseLocksTest, CursorsAreStoredInOneOrder) {
  SharedDatabase().Run(kMakeBoth);
  CursorUpdate update;
  update.rows = {{kOne, LogShard(1), 0}, {kOne, LogShard(0), 0}};
  ExpectOneOrder(update, "SELECT 1 FROM publisher.cursor WHERE log_shard = 0 FOR UPDATE",
                 "SELECT 1 FROM publisher.cursor WHERE log_shard = 1 FOR UPDATE NOWAIT");
}

}  // namespace
}  // namespace tidemark::publisher
