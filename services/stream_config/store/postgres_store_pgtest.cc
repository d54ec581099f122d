#include "services/stream_config/store/postgres_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/pg/migrate.h"
#include "common/testing/database.h"
#include "common/testing/eventually.h"
#include "services/stream_config/store/pool_feed.h"
#include "services/stream_config/store/store_contract.h"
#include "tidemark/stream_config/migrations.h"

namespace tidemark::stream_config {
namespace {

using testing::Eventually;
using testing::TestDatabase;

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

// One database for the whole program; a test that needs its own makes it.
const TestDatabase& Database() {
  static const std::unique_ptr<TestDatabase> database = TestDatabase::Create({&Migrations()});
  return *database;
}

// As the service connects: with the rights of its own role.
pg::ConnectOptions AsService(const TestDatabase& database) {
  pg::ConnectOptions options = database.options();
  options.dsn = database.DsnAs("tidemark_stream_config");
  return options;
}

void Empty(const TestDatabase& database) {
  database.Run(
      "DELETE FROM stream_config.pool;"
      "UPDATE stream_config.state SET revision = 0, last_pool_number = 0");
}

class PostgresUnderTest final : public StoreUnderTest {
 public:
  PostgresUnderTest() : store_(AsService(Database()), 4), replica_(AsService(Database()), 4) {
    Empty(Database());
  }

  PoolStore& store() override { return store_; }
  PoolStore& replica() override { return replica_; }

 private:
  PostgresStore store_;
  PostgresStore replica_;
};

const StoreFactory kFactory = [] { return std::make_unique<PostgresUnderTest>(); };

INSTANTIATE_TEST_SUITE_P(Postgres, PoolStoreContract, ::testing::Values(kFactory));
INSTANTIATE_TEST_SUITE_P(Postgres, BulkPublishContract, ::testing::Values(kFactory));

class PostgresStoreTest : public ::testing::Test {
 protected:
  PostgresStoreTest() { Empty(Database()); }

  static Creation Wanted(const std::string& id) { return {.pool = {.id = id}}; }

  // Ends every session of the service, as a restart of the server does.
  static void BreakConnections() {
    Database().Run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'tidemark_stream_config' AND datname = current_database()");
  }
};

TEST_F(PostgresStoreTest, ReadsGoOnAfterConnectionsBroke) {
  PostgresStore store(AsService(Database()), 2);
  ASSERT_TRUE(store.Create(Wanted("r:1"), Soon()).ok());
  BreakConnections();
  EXPECT_TRUE(store.Get("r:1", Soon()).ok());
}

TEST_F(PostgresStoreTest, WritesGoOnAfterConnectionsBroke) {
  PostgresStore store(AsService(Database()), 2);
  ASSERT_TRUE(store.Check(Soon()).ok());
  BreakConnections();
  const auto made = store.Create(Wanted("r:1"), Soon());
  ASSERT_TRUE(made.ok()) << made.status();
  BreakConnections();
  const absl::Status deleted = store.Delete("r:1", made->version, absl::Now(), Soon());
  EXPECT_TRUE(deleted.ok()) << deleted;
}

TEST_F(PostgresStoreTest, ADatabaseThatIsAwayIsUnavailableAtOnce) {
  pg::ConnectOptions options = AsService(Database());
  options.dsn = "postgresql://tidemark@/none?host=/nonexistent";
  PostgresStore store(options, 1);
  const absl::Status status = store.Get("r:1", absl::Now() + absl::Hours(1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
}

TEST_F(PostgresStoreTest, ASchemaThatIsNotMigratedIsRefusedUntilItIs) {
  const auto database = TestDatabase::Create();
  pg::ConnectOptions options = database->options();
  PostgresStore store(options, 1);
  EXPECT_EQ(errors::ReasonOf(store.Check(Soon())), errors::v1::ERROR_REASON_SCHEMA_TOO_OLD);
  ASSERT_TRUE(pg::Migrate(options, Migrations(), Soon()).ok());
  EXPECT_TRUE(store.Check(Soon()).ok());
}

TEST_F(PostgresStoreTest, ACallerWaitsForAFreeConnectionNoLongerThanItsDeadline) {
  PostgresStore store(AsService(Database()), 1);
  ASSERT_TRUE(store.Create(Wanted("r:1"), Soon()).ok());
  pg::Connection blocker = Database().Connect();
  ASSERT_TRUE(blocker.RunScript("BEGIN; LOCK stream_config.pool", Soon()).ok());
  auto blocked =
      std::async(std::launch::async, [&store] { return store.Get("r:1", Soon()).status(); });
  ASSERT_TRUE(Eventually([] {
    pg::Connection connection = Database().Connect();
    static constexpr pg::Query kWaiting{
        "waiting",
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"};
    const auto waiting = connection.Run(kWaiting, pg::Params(), Soon());
    return waiting.ok() && std::get<0>(waiting->ParseOnly<std::int64_t>().value()) > 0;
  }));
  const absl::Status status = store.Get("r:1", absl::Now() + absl::Milliseconds(50)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  ASSERT_TRUE(blocker.RunScript("ROLLBACK", Soon()).ok());
  EXPECT_TRUE(blocked.get().ok());
  EXPECT_TRUE(store.Get("r:1", Soon()).ok());
}

// A stream that was on before the name of its epoch was noted can be resumed.
TEST_F(PostgresStoreTest, PoolsThatWereThereBeforeAMigrationAreBroughtAlong) {
  const auto database = TestDatabase::Create();
  const pg::ConnectOptions options = database->options();
  pg::MigrationSet first = Migrations();
  first.migrations = first.migrations.first(1);
  ASSERT_TRUE(pg::Migrate(options, first, Soon()).ok());
  database->Run(R"(
    INSERT INTO stream_config.pool (
      revision, pool_number, version, content_hash, pool_id, create_time, update_time,
      display_name, stream_enabled, stream_name, stream_role_arn, disabled_reason, start_position,
      epoch, push_application_arns, push_role_arn, sync_trigger_arn, datasets_per_identity,
      records_per_dataset, bytes_per_dataset, keys_per_dataset, dataset_names_per_identity)
    VALUES (1, 1, 1, '', 'r:1', now(), now(), '', false, 'changes',
            'arn:aws:iam::123456789012:role/w', '', 5, 2, '{}', '', '',
            0, 0, 0, 0, 0),
           (2, 2, 1, '', 'r:2', now(), now(), '', false, 'never-on', '', '', 0, 0, '{}', '', '',
            0, 0, 0, 0, 0))");
  ASSERT_TRUE(pg::Migrate(options, Migrations(), Soon()).ok());
  PostgresStore store(options, 1);
  const Pool streamed = store.Get("r:1", Soon()).value();
  const Pool never = store.Get("r:2", Soon()).value();
  EXPECT_EQ(streamed.stream_state.epoch_stream_name, "changes");
  EXPECT_EQ(streamed.stream_state.epoch_account, "123456789012");
  EXPECT_EQ(never.stream_state.epoch_stream_name, "");
  EXPECT_EQ(never.stream_state.epoch_account, "");
  EXPECT_THAT(streamed.role_external_id, ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(streamed.role_external_id, never.role_external_id);
  EXPECT_EQ(streamed.bulk_publish, std::nullopt);
}

// While binaries are replaced, one that does not know the newest columns may write.
TEST_F(PostgresStoreTest, PoolsThatAnOlderBinaryMadeHaveExternalIdsOfTheirOwn) {
  Database().Run(R"(
    INSERT INTO stream_config.pool (
      revision, pool_number, version, content_hash, pool_id, create_time, update_time,
      display_name, stream_name, stream_role_arn, disabled_reason, start_position, epoch,
      push_application_arns, push_role_arn, sync_trigger_arn, datasets_per_identity,
      records_per_dataset, bytes_per_dataset, keys_per_dataset, dataset_names_per_identity)
    SELECT n, n, 1, '', 'r:' || n, now(), now(), '', '', '', '', 0, 0, '{}', '', '', 0, 0, 0, 0, 0
    FROM generate_series(1, 2) AS n)");
  PostgresStore store(AsService(Database()), 1);
  const std::string first = store.Get("r:1", Soon()).value().role_external_id;
  EXPECT_THAT(first, ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(store.Get("r:2", Soon()).value().role_external_id, first);
}

// Two replicas of the service on one database: a watcher of one sees what the other writes, in the
// end of everything, whatever breaks in between.
TEST_F(PostgresStoreTest, AFeedSeesWhatAnotherReplicaWrites) {
  class Collector final : public PoolFeed::Watcher {
   public:
    explicit Collector(std::shared_ptr<std::map<std::string, std::string>> names,
                       std::shared_ptr<std::mutex> mutex)
        : names_(std::move(names)), mutex_(std::move(mutex)) {}
    Took Offer(const PoolBatch& batch) override {
      const std::lock_guard lock(*mutex_);
      for (const auto& pool : batch.pools) (*names_)[pool->id] = pool->settings.display_name;
      for (const std::string& id : batch.deleted) names_->erase(id);
      return Took::kYes;
    }
    bool Gone() const override { return false; }
    void End(const absl::Status&) override {}

   private:
    const std::shared_ptr<std::map<std::string, std::string>> names_;
    const std::shared_ptr<std::mutex> mutex_;
  };

  PostgresStore ours(AsService(Database()), 2);
  PostgresStore theirs(AsService(Database()), 2);
  prometheus::Registry registry;
  PoolFeed feed(ours, {.poll_interval = absl::Milliseconds(5)}, registry);
  ASSERT_TRUE(Eventually([&] { return feed.Ready().ok(); }));
  const auto names = std::make_shared<std::map<std::string, std::string>>();
  const auto mutex = std::make_shared<std::mutex>();
  feed.Watch(std::make_unique<Collector>(names, mutex));
  const auto seen = [&](const std::map<std::string, std::string>& expected) {
    return Eventually([&] {
      const std::lock_guard lock(*mutex);
      return *names == expected;
    });
  };

  Pool pool = theirs.Create(Wanted("r:1"), Soon()).value();
  ASSERT_TRUE(theirs.Create(Wanted("r:2"), Soon()).ok());
  EXPECT_TRUE(seen({{"r:1", ""}, {"r:2", ""}}));
  BreakConnections();
  pool.settings.display_name = "new";
  EXPECT_TRUE(Eventually([&] { return theirs.Replace(pool, Soon()).ok(); }));
  EXPECT_TRUE(theirs.Delete("r:2", std::nullopt, absl::Now(), Soon()).ok());
  EXPECT_TRUE(seen({{"r:1", "new"}}));
}

}  // namespace
}  // namespace tidemark::stream_config
