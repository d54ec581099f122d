#include "services/dataset/store/testing/postgres_fixture.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "services/dataset/store/testing/postgres_consistency.h"
#include "tidemark/dataset/migrations.h"

namespace tidemark::dataset {

testing::TestDatabase& SharedDatabase() {
  static const std::unique_ptr<testing::TestDatabase> database =
      testing::TestDatabase::Create({&Migrations()});
  return *database;
}

void Clear(const testing::TestDatabase& database) {
  // Quicker than TRUNCATE, which makes new files: there is little to delete.
  database.Run(
      "SET LOCAL synchronous_commit = off;"
      "DELETE FROM dataset.dataset; DELETE FROM dataset.record; DELETE FROM dataset.identity;"
      "DELETE FROM dataset.record_purge; DELETE FROM dataset.pool_purge;"
      "DELETE FROM dataset.pool_usage; DELETE FROM dataset.usage_delta;"
      "DELETE FROM dataset.change_log;"
      "UPDATE dataset.change_log_state SET low_mark = 0, emptied_through = 0;"
      "ALTER SEQUENCE dataset.change_log_position RESTART");
}

pg::ConnectOptions ServiceOptions(const testing::TestDatabase& database) {
  pg::ConnectOptions options = database.options();
  options.dsn = database.DsnAs("tidemark_dataset");
  return options;
}

std::vector<std::string> Inconsistencies(const testing::TestDatabase& database) {
  pg::Connection connection = database.Connect();
  auto faults = FindInconsistencies(connection);
  if (!faults.ok()) return {faults.status().ToString()};
  return *std::move(faults);
}

void Settle(PostgresUpkeep& upkeep) {
  UpkeepReport report;
  do {
    report = {};
    const absl::Status status = upkeep.Pass(absl::Now() + absl::Seconds(30), report);
    ASSERT_TRUE(status.ok()) << status;
  } while (report.purge_pending);
}

namespace {

pg::ConnectOptions Emptied(const testing::TestDatabase& database,
                           const std::vector<std::pair<std::string, std::string>>& settings) {
  Clear(database);
  pg::ConnectOptions options = ServiceOptions(database);
  options.settings = settings;
  return options;
}

}  // namespace

PostgresUnderTest::PostgresUnderTest(
    const std::vector<std::pair<std::string, std::string>>& settings)
    : options_(Emptied(SharedDatabase(), settings)),
      updates_(options_),
      reads_(options_, 2),
      admin_(options_),
      snapshots_(options_),
      upkeep_(options_, {}) {}

std::vector<LoggedChange> PostgresUnderTest::Log() {
  pg::Connection connection = SharedDatabase().Connect();
  auto log = ReadChangeLog(connection);
  EXPECT_TRUE(log.ok()) << log.status();
  return std::move(log).value_or(std::vector<LoggedChange>());
}

void PostgresUnderTest::Settle() { dataset::Settle(upkeep_); }

}  // namespace tidemark::dataset
