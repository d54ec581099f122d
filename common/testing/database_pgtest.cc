#include "common/testing/database.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <tuple>

#include "absl/time/clock.h"
#include "common/pg/connection.h"
#include "common/testing/private_postgres.h"

namespace tidemark::testing {
namespace {

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

std::int64_t Count(pg::Connection& connection, std::string_view sql,
                   const pg::Params& params = pg::Params()) {
  const auto result = connection.RunOnce(sql, params, Soon());
  return result.ok() ? std::get<0>(result->ParseOnly<std::int64_t>().value()) : -1;
}

TEST(TestDatabasePgTest, LivesAsLongAsItsObject) {
  const auto other = TestDatabase::Create();
  pg::Connection connection = other->Connect();
  std::string name;
  const auto exists = [&] {
    return Count(connection, "SELECT count(*) FROM pg_database WHERE datname = $1",
                 pg::Params(name));
  };
  {
    const auto database = TestDatabase::Create();
    name = database->name();
    EXPECT_EQ(exists(), 1);
  }
  EXPECT_EQ(exists(), 0);
}

TEST(TestDatabasePgTest, ConnectsAsOtherRoles) {
  const auto database = TestDatabase::Create();
  const std::string role = database->name() + "_role";
  database->Run("CREATE ROLE " + role + " LOGIN");
  pg::ConnectOptions options = database->options();
  options.dsn = database->DsnAs(role);
  {
    absl::StatusOr<pg::Connection> connection = pg::Connection::Open(options);
    ASSERT_TRUE(connection.ok()) << connection.status();
    EXPECT_EQ(Count(*connection, "SELECT count(*) WHERE current_user = $1", pg::Params(role)), 1);
  }
  database->Run("DROP ROLE " + role);
}

TEST(TestDatabasePgDeathTest, EndsTheProcessWithoutACluster) {
  EXPECT_DEATH(
      {
        unsetenv("TIDEMARK_TEST_DSN");
        TestDatabase::Create();
      },
      "TIDEMARK_TEST_DSN is not set");
}

TEST(PrivatePostgresPgTest, KeepsWhatWasCommittedThroughACrash) {
  PrivatePostgres server;
  pg::ConnectOptions options;  // As a service's: the server must be durable.
  options.dsn = server.dsn();
  {
    absl::StatusOr<pg::Connection> connection = pg::Connection::Open(options);
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE(
        connection->RunScript("CREATE TABLE kept AS SELECT generate_series(1, 100)", Soon()).ok());
  }
  server.Kill9();
  EXPECT_FALSE(pg::Connection::Open(options).ok());
  server.Start();
  absl::StatusOr<pg::Connection> connection = pg::Connection::Open(options);
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(Count(*connection, "SELECT count(*) FROM kept"), 100);
}

}  // namespace
}  // namespace tidemark::testing
