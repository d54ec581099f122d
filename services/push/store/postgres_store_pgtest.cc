#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/testing/eventually.h"
#include "services/push/domain/device_id.h"
#include "services/push/store/testing/postgres_fixture.h"

namespace tidemark::push {
namespace {

const StoreFactory kFactory = [] { return std::make_unique<PostgresUnderTest>(); };

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, ::testing::Values(kFactory));

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

NewDevice Wanted(const std::string& token) {
  const IdentityKey who = IdentityKey::Of("r:1", "r:a");
  return {.key = {who, DeviceIdOf(who, Platform::kGcm, token)},
          .platform = Platform::kGcm,
          .token_digest = DigestOf(token),
          .application_arn = "arn:app",
          .endpoint_arn = "arn:endpoint",
          .time = absl::Now()};
}

class PostgresStoreTest : public ::testing::Test {
 protected:
  // Ends every session of the service, as a restart of the server does.
  static void BreakConnections() {
    SharedDatabase().Run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'tidemark_push' AND datname = current_database()");
  }

  PostgresUnderTest store_;
};

TEST_F(PostgresStoreTest, RegisteringGoesOnAfterConnectionsBroke) {
  ASSERT_TRUE(store_.writes().Register(Wanted("t"), Soon()).ok());
  BreakConnections();
  EXPECT_TRUE(store_.writes().Register(Wanted("t"), Soon()).ok());
}

TEST_F(PostgresStoreTest, RegisteringOutlastsALockThatIsHeldForLong) {
  pg::ConnectOptions options = ServiceOptions();
  options.lock_timeout = absl::Milliseconds(20);
  PostgresWriteStore impatient(options, 1);
  ASSERT_TRUE(impatient.Register(Wanted("t"), Soon()).ok());
  pg::Connection blocker = SharedDatabase().Connect();
  ASSERT_TRUE(blocker.RunScript("BEGIN; SELECT FROM push.device FOR UPDATE", Soon()).ok());
  auto registered = std::async(std::launch::async,
                               [&] { return impatient.Register(Wanted("t"), Soon()).status(); });
  // It asks again and again, each time in a new statement.
  pg::Connection observer = SharedDatabase().Connect();
  std::set<std::string> attempts;
  EXPECT_TRUE(testing::Eventually([&] {
    const auto found = observer.RunOnce(
        "SELECT query_start::text FROM pg_stat_activity"
        " WHERE usename = 'tidemark_push' AND wait_event_type = 'Lock'",
        pg::Params(), Soon());
    for (const pg::Row row : *found) attempts.insert(row.Get<std::string>(0).value());
    return attempts.size() >= 3;
  }));
  ASSERT_TRUE(blocker.RunScript("COMMIT", Soon()).ok());
  EXPECT_TRUE(registered.get().ok());
}

TEST_F(PostgresStoreTest, ADatabaseThatIsAwayIsUnavailable) {
  pg::ConnectOptions options = ServiceOptions();
  options.dsn = "postgresql://tidemark@/none?host=/nonexistent";
  PostgresWriteStore store(options, 1);
  EXPECT_EQ(errors::ReasonOf(store.Register(Wanted("t"), Soon()).status()),
            errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  EXPECT_EQ(errors::ReasonOf(store.Check(Soon())), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  EXPECT_TRUE(PostgresWriteStore(ServiceOptions(), 1).Check(Soon()).ok());
}

TEST_F(PostgresStoreTest, NoTokenReachesTheDatabase) {
  ASSERT_TRUE(store_.writes().Register(Wanted("a-secret-token"), Soon()).ok());
  pg::Connection connection = SharedDatabase().Connect();
  const auto found = connection.RunOnce(
      "SELECT FROM push.device AS d WHERE d::text LIKE '%secret%'"
      " OR encode(d.token_digest, 'escape') LIKE '%secret%'",
      pg::Params(), Soon());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->empty());
}

}  // namespace
}  // namespace tidemark::push
