#include "services/publisher/store/testing/postgres_database.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "tidemark/dataset/migrations.h"
#include "tidemark/publisher/migrations.h"

namespace tidemark::publisher {

std::unique_ptr<testing::TestDatabase> MakeDatabase() {
  return testing::TestDatabase::Create({&dataset::Migrations(), &publisher::Migrations()});
}

testing::TestDatabase& SharedDatabase() {
  static const std::unique_ptr<testing::TestDatabase> database = MakeDatabase();
  return *database;
}

void Clear(const testing::TestDatabase& database) {
  // Quicker than TRUNCATE, which makes new files: there is little to delete.
  database.Run(
      "SET LOCAL synchronous_commit = off;"
      "DELETE FROM dataset.change_log;"
      "UPDATE dataset.change_log_state SET low_mark = 0, emptied_through = 0;"
      "ALTER SEQUENCE dataset.change_log_position RESTART;"
      "DELETE FROM publisher.member;"
      "UPDATE publisher.lease SET fencing_token = 0, settled_position = 0, pushed_position = 0;"
      "DELETE FROM publisher.destination; DELETE FROM publisher.cursor;"
      "DELETE FROM publisher.parked_change; DELETE FROM publisher.pause;"
      "DELETE FROM publisher.bulk_cursor");
}

pg::ConnectOptions ServiceOptions(const testing::TestDatabase& database) {
  pg::ConnectOptions options = database.options();
  options.dsn = database.DsnAs("tidemark_publisher");
  return options;
}

void Swap(const testing::TestDatabase& a, const testing::TestDatabase& b) {
  const auto elsewhere = testing::TestDatabase::Create();
  elsewhere->Run(absl::StrCat(
      "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname IN ('", a.name(),
      "', '", b.name(), "');", "ALTER DATABASE ", a.name(), " RENAME TO swapped;",
      "ALTER DATABASE ", b.name(), " RENAME TO ", a.name(), ";",
      "ALTER DATABASE swapped RENAME TO ", b.name()));
}

void Disconnect(const testing::TestDatabase& database) {
  database.Run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE datname = current_database() AND usename = 'tidemark_publisher'");
}

}  // namespace tidemark::publisher
