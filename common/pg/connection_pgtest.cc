#include "common/pg/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <tuple>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/pg/transaction.h"
#include "common/testing/database.h"

namespace tidemark::pg {
namespace {

using ::testing::HasSubstr;
using testing::TestDatabase;

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

class ConnectionPgTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { database_ = TestDatabase::Create().release(); }
  static void TearDownTestSuite() {
    delete database_;
    database_ = nullptr;
  }

  static Connection Open(const ConnectOptions& options) {
    absl::StatusOr<Connection> connection = Connection::Open(options);
    EXPECT_TRUE(connection.ok()) << connection.status();
    return *std::move(connection);
  }

  template <typename T>
  static T Only(Connection& connection, std::string_view sql, const Params& params = Params()) {
    const auto result = connection.RunOnce(sql, params, Soon());
    EXPECT_TRUE(result.ok()) << result.status() << errors::DriverTextOf(result.status());
    if (!result.ok()) return T{};
    const auto row = result->template ParseOnly<T>();
    EXPECT_TRUE(row.ok()) << row.status() << errors::DriverTextOf(row.status());
    return row.ok() ? std::get<0>(*row) : T{};
  }

  static std::int32_t BackendPid(Connection& connection) {
    return Only<std::int32_t>(connection, "SELECT pg_backend_pid()");
  }

  static TestDatabase* database_;
};

TestDatabase* ConnectionPgTest::database_ = nullptr;

template <typename T>
void ExpectRoundTrip(Connection& connection, const char* sql, const T& value) {
  const auto result = connection.RunOnce(sql, Params(value), Soon());
  ASSERT_TRUE(result.ok()) << sql << errors::DriverTextOf(result.status());
  const auto row = result->ParseOnly<T>();
  ASSERT_TRUE(row.ok()) << sql << errors::DriverTextOf(row.status());
  EXPECT_EQ(std::get<0>(*row), value) << sql;
}

TEST_F(ConnectionPgTest, ValuesOfEveryTypeComeBackAsTheyWent) {
  Connection connection = database_->Connect();
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  const Uuid uuid = *Uuid::Parse("00112233-4455-6677-8899-aabbccddeeff");
  ExpectRoundTrip(connection, "SELECT $1::bool", true);
  ExpectRoundTrip<std::int16_t>(connection, "SELECT $1::int2", -7);
  ExpectRoundTrip<std::int32_t>(connection, "SELECT $1::int4", 1 << 30);
  ExpectRoundTrip<std::int64_t>(connection, "SELECT $1::int8", -(1LL << 62));
  ExpectRoundTrip<std::string>(connection, "SELECT $1::text", "h\u00e9 'quoted' \\");
  ExpectRoundTrip(connection, "SELECT $1::timestamptz", time);
  ExpectRoundTrip(connection, "SELECT $1::timestamptz", absl::InfiniteFuture());
  ExpectRoundTrip(connection, "SELECT $1::uuid", uuid);
  ExpectRoundTrip(connection, "SELECT $1::int8", std::optional<std::int64_t>());
  const std::string bytes("\0\1\xff", 3);
  EXPECT_EQ(Only<std::string>(connection, "SELECT $1::bytea", Params(Bytes{bytes})), bytes);
}

TEST_F(ConnectionPgTest, ArraysOfEveryTypeComeBackAsTheyWent) {
  Connection connection = database_->Connect();
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  const Uuid uuid = *Uuid::Parse("00112233-4455-6677-8899-aabbccddeeff");
  using std::nullopt;
  using std::optional;
  using std::vector;
  ExpectRoundTrip(connection, "SELECT $1::bool[]", vector<bool>{true, false});
  ExpectRoundTrip(connection, "SELECT $1::bool[]", vector<optional<bool>>{true, nullopt});
  ExpectRoundTrip(connection, "SELECT $1::int2[]", vector<std::int16_t>{1, -2});
  ExpectRoundTrip(connection, "SELECT $1::int4[]", vector<std::int32_t>{1, -2});
  ExpectRoundTrip(connection, "SELECT $1::int8[]", vector<std::int64_t>{});
  ExpectRoundTrip(connection, "SELECT $1::int8[]", vector<optional<std::int64_t>>{nullopt, 3});
  ExpectRoundTrip(connection, "SELECT $1::text[]", vector<optional<std::string>>{"", nullopt, "x"});
  ExpectRoundTrip(connection, "SELECT $1::uuid[]", vector<optional<Uuid>>{uuid, nullopt});
  ExpectRoundTrip(connection, "SELECT $1::timestamptz[]", vector<optional<absl::Time>>{time, {}});
  EXPECT_EQ(Only<std::vector<std::string>>(connection, "SELECT $1::bytea[]",
                                           Params(vector<Bytes>{{"a"}, {""}})),
            (vector<std::string>{"a", ""}));
  EXPECT_EQ(Only<std::int64_t>(connection, "SELECT cardinality($1::bytea[])::int8",
                               Params(vector<optional<Bytes>>{Bytes{"a"}, nullopt})),
            2);
}

TEST_F(ConnectionPgTest, ReadingAColumnAsAnotherTypeIsAnError) {
  Connection connection = database_->Connect();
  const auto result = connection.RunOnce("SELECT 1::int8, NULL::text AS gone", Params(), Soon());
  ASSERT_TRUE(result.ok());
  const Row row = (*result)[0];
  EXPECT_EQ(row.Get<std::int64_t>(0).value(), 1);
  EXPECT_EQ(row.Get<std::string>(0).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(row.Get<std::int32_t>(0).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(row.Get<std::int64_t>(2).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(row.Parse<std::int64_t>().status().code(), absl::StatusCode::kInternal);
  const absl::Status null = row.Parse<std::int64_t, std::string>().status();
  EXPECT_EQ(null.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(errors::DriverTextOf(null), HasSubstr("column 1 (gone, type 25) is null"));
  EXPECT_TRUE((row.Parse<std::int64_t, std::optional<std::string>>().ok()));
}

constexpr Query kAdd{"test_add", "SELECT $1::int8 + $2::int8"};

TEST_F(ConnectionPgTest, PreparesAStatementOnce) {
  Connection connection = database_->Connect();
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto result = connection.Run(kAdd, Params(i, std::int64_t{1}), Soon());
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(std::get<0>(result->ParseOnly<std::int64_t>().value()), i + 1);
  }
  EXPECT_EQ(Only<std::int64_t>(connection,
                               "SELECT count(*) FROM pg_prepared_statements"
                               " WHERE name = 'test_add'"),
            1);
}

TEST_F(ConnectionPgTest, BehindAPoolerNothingIsPreparedOrSet) {
  ConnectOptions options = database_->options();
  options.pooling = Pooling::kTransaction;
  options.settings = {{"work_mem", "1MB"}};
  Connection connection = Open(options);
  ASSERT_TRUE(connection.Run(kAdd, Params(std::int64_t{1}, std::int64_t{1}), Soon()).ok());
  EXPECT_EQ(Only<std::int64_t>(connection, "SELECT count(*) FROM pg_prepared_statements"), 0);
  EXPECT_NE(Only<std::string>(connection, "SELECT current_setting('work_mem')"), "1MB");
}

TEST_F(ConnectionPgTest, OneNameCantStandForTwoStatements) {
  Connection connection = database_->Connect();
  const Params params(std::int64_t{1}, std::int64_t{1});
  ASSERT_TRUE(connection.Run(kAdd, params, Soon()).ok());
  const Query other{kAdd.name, "SELECT $1::int8 - $2::int8"};
  EXPECT_EQ(connection.Run(other, params, Soon()).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(connection.Run(kAdd, Params(1, 1), Soon()).status().code(),
            absl::StatusCode::kInternal);
}

TEST_F(ConnectionPgTest, SurvivesAMigrationThatChangesAResultType) {
  Connection connection = database_->Connect();
  ASSERT_TRUE(
      connection.RunScript("CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)", Soon())
          .ok());
  constexpr Query kAll{"test_changing", "SELECT * FROM changing"};
  ASSERT_TRUE(connection.Run(kAll, Params(), Soon()).ok());
  database_->Run("ALTER TABLE changing ADD COLUMN b int DEFAULT 2");
  for (int i = 0; i < 2; ++i) {
    const auto result = connection.Run(kAll, Params(), Soon());
    ASSERT_TRUE(result.ok()) << errors::DriverTextOf(result.status());
    EXPECT_TRUE((result->ParseOnly<std::int32_t, std::int32_t>().ok()));
  }
  ASSERT_TRUE(connection.RunScript("DEALLOCATE ALL", Soon()).ok());
  EXPECT_TRUE(connection.Run(kAll, Params(), Soon()).ok());
}

TEST_F(ConnectionPgTest, MakesItsSettings) {
  ConnectOptions options = database_->options();
  options.statement_timeout = absl::Milliseconds(1234);
  options.lock_timeout = absl::Milliseconds(567);
  options.settings = {{"plan_cache_mode", "force_generic_plan"}};
  Connection connection = Open(options);
  const auto setting = [&](const char* name) {
    return Only<std::string>(connection, "SELECT current_setting($1)", Params(name));
  };
  EXPECT_EQ(setting("statement_timeout"), "1234ms");
  EXPECT_EQ(setting("lock_timeout"), "567ms");
  EXPECT_EQ(setting("idle_in_transaction_session_timeout"), "30s");
  EXPECT_EQ(setting("plan_cache_mode"), "force_generic_plan");
  EXPECT_EQ(setting("client_encoding"), "UTF8");
}

TEST_F(ConnectionPgTest, AFailedStatementLeavesTheSessionUsable) {
  Connection connection = database_->Connect();
  const absl::Status failed = connection.RunOnce("SELECT 1/0", Params(), Soon()).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(errors::SqlStateOf(failed), "22012");
  EXPECT_EQ(errors::DriverTextOf(failed), "division by zero");
  EXPECT_TRUE(connection.Healthy());
  EXPECT_EQ(Only<std::int32_t>(connection, "SELECT 1"), 1);
}

TEST_F(ConnectionPgTest, AStatementPastItsDeadlineIsCancelledAndTheSessionStays) {
  Connection connection = database_->Connect();
  const std::int32_t pid = BackendPid(connection);
  const auto slow =
      connection.RunOnce("SELECT pg_sleep(60)", Params(), absl::Now() + absl::Milliseconds(100));
  EXPECT_EQ(slow.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(errors::SqlStateOf(slow.status()), "57014");
  EXPECT_TRUE(connection.Healthy());
  EXPECT_EQ(BackendPid(connection), pid);
}

TEST_F(ConnectionPgTest, TheStatementTimeoutHoldsWithoutADeadline) {
  ConnectOptions options = database_->options();
  options.statement_timeout = absl::Milliseconds(100);
  Connection connection = Open(options);
  const auto slow = connection.RunOnce("SELECT pg_sleep(60)", Params(), absl::InfiniteFuture());
  EXPECT_EQ(slow.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(connection.Healthy());
}

TEST_F(ConnectionPgTest, NothingIsSentAfterTheDeadline) {
  Connection connection = database_->Connect();
  ASSERT_TRUE(connection.RunScript("CREATE TABLE unsent (a int)", Soon()).ok());
  const auto late =
      connection.RunOnce("INSERT INTO unsent VALUES (1)", Params(), absl::Now() - absl::Seconds(1));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(errors::SqlStateOf(late.status()), "");
  EXPECT_EQ(Only<std::int64_t>(connection, "SELECT count(*) FROM unsent"), 0);
}

TEST_F(ConnectionPgTest, AFrozenServerIsGivenUp) {
  ConnectOptions options = database_->options();
  options.cancel_grace = absl::Milliseconds(200);
  Connection connection = Open(options);
  const std::int32_t pid = BackendPid(connection);
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  const auto answer =
      connection.RunOnce("SELECT 1", Params(), absl::Now() + absl::Milliseconds(100));
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(connection.Healthy());
  EXPECT_EQ(connection.RunOnce("SELECT 1", Params(), Soon()).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(ConnectionPgTest, AFrozenServerIsGivenUpAlsoWhileItIsBeingSentTo) {
  ConnectOptions options = database_->options();
  options.cancel_grace = absl::Milliseconds(200);
  Connection connection = Open(options);
  const std::int32_t pid = BackendPid(connection);
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  const std::string large(64 << 20, 'x');  // more than the socket takes
  const auto answer = connection.RunOnce("SELECT length($1::text)", Params(large),
                                         absl::Now() + absl::Milliseconds(300));
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(connection.Healthy());
}

TEST_F(ConnectionPgTest, AKilledSessionIsUnavailable) {
  Connection connection = database_->Connect();
  Connection other = database_->Connect();
  EXPECT_TRUE(Only<bool>(other, "SELECT pg_terminate_backend($1)", Params(BackendPid(connection))));
  const auto answer = connection.RunOnce("SELECT 1", Params(), Soon());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(answer.status()), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  EXPECT_FALSE(connection.Healthy());
}

TEST_F(ConnectionPgTest, ALockHeldByAnotherIsAbortedInBounds) {
  ConnectOptions options = database_->options();
  options.lock_timeout = absl::Milliseconds(50);
  Connection connection = Open(options);
  Connection holder = database_->Connect();
  ASSERT_TRUE(holder.RunScript("CREATE TABLE held (a int)", Soon()).ok());
  ASSERT_TRUE(holder.RunScript("BEGIN; LOCK TABLE held", Soon()).ok());
  const auto blocked = connection.RunOnce("SELECT FROM held", Params(), Soon());
  EXPECT_EQ(blocked.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(errors::ReasonOf(blocked.status()), errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
}

TEST_F(ConnectionPgTest, NoServerIsUnavailable) {
  ConnectOptions options = database_->options();
  options.dsn = "postgresql://nobody@127.0.0.1:1/none";
  EXPECT_EQ(Connection::Open(options).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ConnectionPgTest, AMalformedDsnIsNamedWithoutItsText) {
  ConnectOptions options = database_->options();
  options.dsn = "host=localhost password='open";
  const absl::Status status = Connection::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.ToString().find("open"), std::string::npos);
}

TEST_F(ConnectionPgTest, AServerThatLosesAcknowledgedDataIsRefused) {
  const std::string role = database_->name() + "_lossy";
  database_->Run("CREATE ROLE " + role + " SUPERUSER LOGIN");
  database_->Run("ALTER ROLE " + role + " SET synchronous_commit = off");
  ConnectOptions options = database_->options();
  options.dsn = database_->DsnAs(role);
  EXPECT_TRUE(Connection::Open(options).ok());  // A test's options let it pass.
  options.check = ServerCheck::kDurable;
  const absl::Status status = Connection::Open(options).status();
  database_->Run("DROP ROLE " + role);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_DATABASE_UNSUITABLE);
}

TEST_F(ConnectionPgTest, CopyIsRefusedWithoutWaiting) {
  Connection connection = database_->Connect();
  ASSERT_TRUE(connection.RunScript("CREATE TABLE copied (a int)", Soon()).ok());
  EXPECT_EQ(connection.RunScript("COPY copied FROM STDIN", Soon()).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace tidemark::pg
