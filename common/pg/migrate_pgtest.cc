#include "common/pg/migrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/testing/database.h"
#include "common/testing/eventually.h"
#include "tidemark/testing_example/migrations.h"

namespace tidemark::pg {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TestDatabase;

constexpr std::string_view kSchema = "testing_example";

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

class MigratePgTest : public ::testing::Test {
 protected:
  ~MigratePgTest() override { database_->Run("DROP SCHEMA IF EXISTS testing_example CASCADE"); }

  absl::StatusOr<std::vector<int>> Run(const std::vector<Migration>& migrations) {
    return Migrate(database_->options(), {kSchema, migrations}, Soon());
  }

  std::int64_t Count(std::string_view sql) {
    Connection connection = database_->Connect();
    const auto result = connection.RunOnce(sql, Params(), Soon());
    return result.ok() ? std::get<0>(result->ParseOnly<std::int64_t>().value()) : -1;
  }

  const std::unique_ptr<TestDatabase> database_ = TestDatabase::Create();
  const Migration first_ = {1, "one", "CREATE TABLE testing_example.one (a int)", "aa"};
  const Migration second_ = {2, "two", "CREATE TABLE testing_example.two (a int)", "bb"};
  const Migration broken_ = {2, "two", "CREATE TABLE testing_example.two (a int); SELECT 1/0",
                             "bb"};
};

TEST_F(MigratePgTest, AppliesWhatIsMissingInOrderAndOnlyOnce) {
  EXPECT_THAT(Run({first_}).value(), ElementsAre(1));
  EXPECT_THAT(Run({first_, second_}).value(), ElementsAre(2));
  EXPECT_THAT(Run({first_, second_}).value(), IsEmpty());
  EXPECT_THAT(Run({first_}).value(), IsEmpty());  // An older binary leaves a newer schema alone.
  EXPECT_EQ(Count("SELECT count(*) FROM testing_example.schema_migration"), 2);
}

TEST_F(MigratePgTest, TheEmbeddedFilesAreTheMigrations) {
  const MigrationSet& set = testing_example::Migrations();
  EXPECT_EQ(set.schema, kSchema);
  EXPECT_EQ(set.last(), 2);
  ASSERT_EQ(set.migrations.size(), 2u);
  EXPECT_EQ(set.migrations[0].name, "item");
  EXPECT_EQ(set.migrations[0].sha256.size(), 64u);
  const auto applied = Migrate(database_->options(), set, Soon());
  ASSERT_TRUE(applied.ok()) << applied.status() << errors::DriverTextOf(applied.status());
  // The file's semicolons, quotes and brackets came through, and so did what runs alone.
  EXPECT_EQ(Count("SELECT count(*) FROM testing_example.item WHERE text = ';\"\\[a;b]\\'"), 1);
  EXPECT_EQ(Count("SELECT count(*) FROM pg_index WHERE indisvalid AND"
                  " indexrelid = 'testing_example.item_by_text'::regclass"),
            1);
}

TEST_F(MigratePgTest, AFailingMigrationLeavesNothingBehindAndIsNamed) {
  const absl::Status failed = Run({first_, broken_}).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(errors::DriverTextOf(failed), HasSubstr("migration 2 two: division by zero"));
  EXPECT_EQ(Count("SELECT count(*) FROM testing_example.schema_migration"), 1);
  EXPECT_EQ(Count("SELECT count(*) FROM pg_class WHERE relname = 'two'"), 0);
  EXPECT_THAT(Run({first_, second_}).value(), ElementsAre(2));
}

TEST_F(MigratePgTest, AnAppliedMigrationMustNotChange) {
  ASSERT_TRUE(Run({first_}).ok());
  Migration changed = first_;
  changed.sha256 = "cc";
  const absl::Status status = Run({changed, second_}).status();
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_SCHEMA_MISMATCH);
  EXPECT_EQ(errors::MetadataOf(status, "number"), "1");
  EXPECT_EQ(Count("SELECT count(*) FROM testing_example.schema_migration"), 1);
}

TEST_F(MigratePgTest, AMigrationCantBeSlippedInBelowTheLastOne) {
  ASSERT_TRUE(Run({second_}).ok());
  const absl::Status status = Run({first_, second_}).status();
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_SCHEMA_MISMATCH);
}

TEST_F(MigratePgTest, ManyRunnersAtOnceApplyEachMigrationOnce) {
  std::vector<Migration> migrations = {first_, second_};
  // Takes long enough for the runners to meet.
  migrations.push_back(
      {3, "slow", "SELECT pg_sleep(0.3); CREATE TABLE testing_example.three ()", "cc"});
  std::vector<absl::StatusOr<std::vector<int>>> outcomes(4, absl::UnknownError("not run"));
  std::vector<std::thread> runners;
  for (auto& outcome : outcomes) {
    runners.emplace_back([&] { outcome = Run(migrations); });
  }
  for (std::thread& runner : runners) runner.join();
  std::size_t applied = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(outcome.ok()) << outcome.status() << errors::DriverTextOf(outcome.status());
    applied += outcome->size();
  }
  EXPECT_EQ(applied, 3u);
}

TEST_F(MigratePgTest, AnIndexIsBuiltConcurrentlyWhileAnotherRunnerWaits) {
  ASSERT_TRUE(Run({first_}).ok());
  // Holds up CREATE INDEX CONCURRENTLY until it ends.
  Connection writer = database_->Connect();
  ASSERT_TRUE(writer.RunScript("BEGIN; INSERT INTO testing_example.one VALUES (1)", Soon()).ok());
  const std::vector<Migration> migrations = {
      first_,
      {2, "index",
       "-- migrate: no-transaction\n"
       "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_a ON testing_example.one (a)",
       "bb"}};
  std::vector<absl::Status> outcomes(2);
  std::vector<std::thread> runners;
  for (auto& outcome : outcomes) {
    runners.emplace_back([&, this] {
      outcome = Migrate(database_->options(), {kSchema, migrations}, Soon()).status();
    });
  }
  EXPECT_TRUE(Eventually([this] {
    return Count(
               "SELECT count(*) FROM pg_stat_progress_create_index"
               " WHERE datname = current_database()") == 1;
  }));
  EXPECT_TRUE(writer.RunScript("COMMIT", Soon()).ok());
  for (std::thread& runner : runners) runner.join();
  for (const absl::Status& outcome : outcomes) EXPECT_TRUE(outcome.ok()) << outcome;
}

TEST_F(MigratePgTest, AnIndexThatWasLeftInvalidIsBuiltAnew) {
  ASSERT_TRUE(Run({first_}).ok());
  database_->Run("INSERT INTO testing_example.one VALUES (1), (1)");
  const Migration index = {2, "index",
                           "-- migrate: no-transaction\n"
                           "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_a"
                           " ON testing_example.one (a)",
                           "bb"};
  EXPECT_EQ(errors::SqlStateOf(Run({first_, index}).status()), "23505");
  database_->Run("TRUNCATE testing_example.one");
  EXPECT_THAT(Run({first_, index}).value(), ElementsAre(2));
  EXPECT_EQ(Count("SELECT count(*) FROM pg_index WHERE indisvalid AND"
                  " indexrelid = 'testing_example.one_a'::regclass"),
            1);
}

TEST_F(MigratePgTest, WaitsForALockInShortTurnsUntilItIsFree) {
  ASSERT_TRUE(Run({first_}).ok());
  Connection reader = database_->Connect();
  ASSERT_TRUE(reader.RunScript("BEGIN; SELECT FROM testing_example.one", Soon()).ok());
  ConnectOptions hasty = database_->options();
  hasty.lock_timeout = absl::Milliseconds(20);
  const std::vector<Migration> migrations = {
      first_, {2, "column", "ALTER TABLE testing_example.one ADD COLUMN b int", "bb"}};
  absl::Status outcome;
  std::thread runner([&] { outcome = Migrate(hasty, {kSchema, migrations}, Soon()).status(); });
  EXPECT_TRUE(Eventually([this] {
    return Count(
               "SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
               " WHERE NOT l.granted AND d.datname = current_database()") > 0;
  }));
  EXPECT_TRUE(reader.RunScript("COMMIT", Soon()).ok());
  runner.join();
  EXPECT_TRUE(outcome.ok()) << outcome;
}

TEST_F(MigratePgTest, TheServicesRoleMayUseItsTablesAndReadWhatWasApplied) {
  ASSERT_TRUE(Run({first_}).ok());
  ConnectOptions options = database_->options();
  options.dsn = database_->DsnAs("tidemark_testing_example");
  auto service = Connection::Open(options);
  ASSERT_TRUE(service.ok()) << errors::DriverTextOf(service.status());
  EXPECT_TRUE(service->RunScript("INSERT INTO testing_example.one VALUES (1)", Soon()).ok());
  EXPECT_EQ(
      errors::SqlStateOf(
          service->RunScript("DELETE FROM testing_example.schema_migration", Soon()).status()),
      "42501");
  EXPECT_FALSE(service->RunScript("DROP TABLE testing_example.one", Soon()).ok());
  EXPECT_TRUE(RequireSchema(*service, kSchema, 1, Soon()).ok());
}

TEST_F(MigratePgTest, AnOwnerWithoutTheRightToMakeRolesMigratesOnceTheRoleExists) {
  ASSERT_TRUE(Run({}).ok());  // Makes the role.
  const std::string owner = database_->name() + "_owner";
  database_->Run("DROP SCHEMA testing_example CASCADE; CREATE ROLE " + owner + " LOGIN");
  database_->Run("GRANT CREATE ON DATABASE " + database_->name() + " TO " + owner);
  ConnectOptions options = database_->options();
  options.dsn = database_->DsnAs(owner);
  const std::vector<Migration> migrations = {first_};
  const auto applied = Migrate(options, {kSchema, migrations}, Soon());
  EXPECT_TRUE(applied.ok()) << errors::DriverTextOf(applied.status());
  database_->Run("DROP OWNED BY " + owner + " CASCADE; DROP ROLE " + owner);
}

TEST_F(MigratePgTest, ARoleWithoutRightsIsToldWhatToDo) {
  const std::string stranger = database_->name() + "_stranger";
  database_->Run("CREATE ROLE " + stranger + " LOGIN");
  ConnectOptions options = database_->options();
  options.dsn = database_->DsnAs(stranger);
  const std::vector<Migration> migrations = {first_};
  const absl::Status refused = Migrate(options, {kSchema, migrations}, Soon()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("TIDEMARK_TESTING_EXAMPLE_OWNER_DSN"));
  EXPECT_THAT(errors::DriverTextOf(refused), HasSubstr("permission denied"));

  ASSERT_TRUE(Run({first_}).ok());
  Connection connection = Connection::Open(options).value();
  const absl::Status unusable = RequireSchema(connection, kSchema, 1, Soon());
  EXPECT_EQ(errors::ReasonOf(unusable), errors::v1::ERROR_REASON_SCHEMA_TOO_OLD);
  EXPECT_THAT(std::string(unusable.message()),
              AllOf(HasSubstr("`tidemark-testing-example migrate`"),
                    HasSubstr("tidemark_testing_example")));
  database_->Run("DROP ROLE " + stranger);
}

TEST_F(MigratePgTest, AnOlderSchemaIsRefused) {
  Connection connection = database_->Connect();
  const absl::Status none = RequireSchema(connection, kSchema, 1, Soon());
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(none), errors::v1::ERROR_REASON_SCHEMA_TOO_OLD);
  EXPECT_EQ(errors::MetadataOf(none, "found"), "0");
  ASSERT_TRUE(Run({first_}).ok());
  EXPECT_TRUE(RequireSchema(connection, kSchema, 1, Soon()).ok());
  const absl::Status older = RequireSchema(connection, kSchema, 2, Soon());
  EXPECT_EQ(errors::MetadataOf(older, "schema"), kSchema);
  EXPECT_EQ(errors::MetadataOf(older, "required"), "2");
  EXPECT_EQ(errors::MetadataOf(older, "found"), "1");
}

}  // namespace
}  // namespace tidemark::pg
