#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "absl/strings/str_cat.h"
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

TEST_F(PostgresStoreTest, WritesThatAreNotRepeatedGoOnAfterConnectionsBroke) {
  ASSERT_TRUE(store_.writes().Register(Wanted("t"), Soon()).ok());
  BreakConnections();
  EXPECT_TRUE(store_.writes().SetSubscription(Wanted("t").key, "notes", true, Soon()).value());
  BreakConnections();
  EXPECT_TRUE(store_.writes().Deregister(Wanted("t").key, Soon()).ok());
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

// Of a table that was filled just now the planner knows nothing.
TEST_F(PostgresStoreTest, FindsDevicesByOwnerInAPoolOfMany) {
  SharedDatabase().Run(
      "ALTER TABLE push.device SET (autovacuum_enabled = off);"
      "INSERT INTO push.device SELECT i, gen_random_uuid(), 'r:1', 'r:' || i, 3,"
      " sha256(i::text::bytea), '', '', 1, true, i, now(), now()"
      " FROM generate_series(1, 20000) AS i;"
      "SELECT pg_stat_reset()");
  const pg::ConnectOptions options = ServiceOptions();
  PostgresReadStore reads(options, 1);
  PostgresWriteStore writes(options, 1);
  const IdentityKey who = IdentityKey::Of("r:1", "r:a");
  std::vector<ChangedDataset> batch;
  for (int i = 0; i < 256; ++i) {
    batch.push_back({IdentityKey::Of("r:1", absl::StrCat("r:", i)), "notes", ""});
  }
  const auto read = [](const char* index) {
    pg::Connection connection = SharedDatabase().Connect();
    const auto found =
        connection.RunOnce("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = $1",
                           pg::Params(index), Soon());
    return (*found)[0].Get<std::int64_t>(0).value();
  };
  // Sessions tell of what they read now and then. Each round registers one device anew.
  std::int64_t rounds = 0;
  EXPECT_TRUE(testing::Eventually([&] {
    ++rounds;
    EXPECT_TRUE(writes.Register(Wanted("t"), Soon()).ok());
    std::promise<bool> looked, listed, resolved;
    const auto set = [](std::promise<bool>& promise) {
      return [&promise](const auto& result) { promise.set_value(result.ok()); };
    };
    reads.Look(Wanted("t").key, Soon(), set(looked));
    reads.List(who, Soon(), set(listed));
    reads.Resolve(batch, Soon(), set(resolved));
    EXPECT_TRUE(looked.get_future().get() && listed.get_future().get() &&
                resolved.get_future().get());
    EXPECT_TRUE(writes.Deregister(Wanted("t").key, Soon()).ok());
    return read("device_pkey") > 0;
  }));
  // By the pool it would be the whole table in each round, and with the order of the join the other
  // way, 256 times.
  EXPECT_LT(read("device_pkey") + read("device_pool_id_platform_token_digest_key"),
            rounds * 20000 / 4);
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
