#include "services/dataset/store/postgres_update_store.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/pg/transaction.h"
#include "common/testing/eventually.h"
#include "services/dataset/store/postgres_update_call.h"
#include "services/dataset/store/testing/postgres_fixture.h"
#include "services/dataset/store/testing/requests.h"

namespace tidemark::dataset {
namespace {

using ::testing::IsEmpty;

class UpdateStoreTest : public ::testing::Test {
 protected:
  UpdateStoreTest() { Clear(SharedDatabase()); }

  UpdateRequest Create(std::string name) {
    return UpdateOf({identity_, std::move(name)}, {Put("k", SyncCount(0))});
  }

  static bool IsApplied(const UpdateOutcome& outcome) {
    return std::holds_alternative<Applied>(outcome);
  }

  // Ends all sessions of stores on the server's side.
  static void BreakConnections() {
    SharedDatabase().Run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  static std::int64_t Number(std::string_view sql) {
    pg::Connection connection = SharedDatabase().Connect();
    const auto result = connection.RunOnce(sql, pg::Params(), InSeconds(30));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? (*result)[0].Get<std::int64_t>(0).value_or(-1) : -1;
  }

  const IdentityKey identity_ = IdentityKey::Of("us-east-1:0a", "us-east-1:1b");
  const pg::ConnectOptions options_ = ServiceOptions(SharedDatabase());
  PostgresUpdateStore store_{options_};
};

TEST_F(UpdateStoreTest, ARequestThatTheDatabaseRefusesFailsAlone) {
  // Nothing above the store lets such a name through.
  const auto outcomes = ApplyAll(store_, {Create("a"), Create(std::string(200, 'x')), Create("b")});
  EXPECT_TRUE(IsApplied(outcomes[0]));
  EXPECT_EQ(ToStatus(outcomes[1]).code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(IsApplied(outcomes[2]));
  EXPECT_THAT(Inconsistencies(SharedDatabase()), IsEmpty());
}

TEST_F(UpdateStoreTest, ARequestThatWaitsForALockFailsAlone) {
  ASSERT_TRUE(IsApplied(Apply(store_, Create("held"))));
  pg::Connection holder = SharedDatabase().Connect();
  auto holding = pg::Transaction::Begin(holder, InSeconds(60));
  ASSERT_TRUE(holding.ok());
  ASSERT_TRUE(holding->RunScript("SELECT FROM dataset.dataset FOR UPDATE").ok());
  const auto outcomes = ApplyAll(
      store_, {Create("a"), UpdateOf({identity_, "held"}, {Put("k", SyncCount(1))}), Create("b")});
  EXPECT_TRUE(IsApplied(outcomes[0]));
  EXPECT_EQ(errors::ReasonOf(ToStatus(outcomes[1])), errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
  EXPECT_TRUE(IsApplied(outcomes[2]));
}

TEST_F(UpdateStoreTest, RequestsOfALockedIdentityWaitOnceForAll) {
  ASSERT_TRUE(IsApplied(Apply(store_, Create("held"))));
  pg::Connection holder = SharedDatabase().Connect();
  auto holding = pg::Transaction::Begin(holder, InSeconds(60));
  ASSERT_TRUE(holding.ok());
  ASSERT_TRUE(holding->RunScript("SELECT FROM dataset.identity FOR UPDATE").ok());
  std::vector<UpdateRequest> requests;
  for (int i = 0; i < 60; ++i) requests.push_back(Create(absl::StrCat("d", i)));
  // If each waited its second, most would come too late.
  for (const UpdateOutcome& outcome : ApplyAll(store_, requests, InSeconds(30))) {
    EXPECT_EQ(errors::ReasonOf(ToStatus(outcome)), errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
  }
}

TEST_F(UpdateStoreTest, ABrokenConnectionIsReplacedUnnoticed) {
  ASSERT_TRUE(IsApplied(Apply(store_, Create("a"))));
  BreakConnections();
  EXPECT_TRUE(IsApplied(Apply(store_, Create("b"))));
}

TEST_F(UpdateStoreTest, AnUpdateWhoseOutcomeGotLostIsAppliedOnce) {
  ASSERT_TRUE(IsApplied(Apply(store_, Create("a"))));
  // The session breaks while the update waits for a lock: what became of it nobody knows.
  pg::Connection holder = SharedDatabase().Connect();
  auto holding = pg::Transaction::Begin(holder, InSeconds(60));
  ASSERT_TRUE(holding.ok());
  ASSERT_TRUE(holding->RunScript("SELECT FROM dataset.dataset FOR UPDATE").ok());
  std::optional<UpdateOutcome> outcome;
  std::thread updating([&] {
    outcome = Apply(store_, UpdateOf({identity_, "a"}, {Put("k", SyncCount(1))}));
  });
  EXPECT_TRUE(testing::Eventually([&] {
    return Number(
               "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
               " WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0;
  }));
  EXPECT_TRUE(std::move(*holding).Commit().ok());
  updating.join();
  ASSERT_TRUE(IsApplied(*outcome)) << ToStatus(*outcome);
  EXPECT_EQ(std::get<Applied>(*outcome).sync_count, SyncCount(2));
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.change_log"), 2);
}

// Deletions are made by a store of their own, whose session may be idle for long.
TEST_F(UpdateStoreTest, ADeletionFailsNotForASessionThatEndedBefore) {
  PostgresAdminStore admin(options_);
  ASSERT_TRUE(IsApplied(Apply(store_, Create("a"))));
  ASSERT_TRUE(admin.Delete(DeleteOf({identity_, "a"}), InSeconds(30)).ok());
  ASSERT_TRUE(IsApplied(Apply(store_, Create("b"))));
  BreakConnections();
  const auto deleted = admin.Delete(DeleteOf({identity_, "b"}), InSeconds(30));
  EXPECT_TRUE(deleted.ok()) << deleted.status();
}

TEST_F(UpdateStoreTest, WithoutAServerUpdatesFailAtOnce) {
  pg::ConnectOptions nowhere = options_;
  nowhere.dsn = "host=127.0.0.1 port=1 dbname=none";
  PostgresUpdateStore store(nowhere);
  const auto outcomes = ApplyAll(store, {Create("a"), Create("b")}, InSeconds(3600));
  for (const UpdateOutcome& outcome : outcomes) {
    EXPECT_EQ(errors::ReasonOf(ToStatus(outcome)), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  }
}

TEST_F(UpdateStoreTest, AnUpdateThatIsTooLateChangesNothing) {
  const UpdateOutcome outcome = Apply(store_, Create("a"), absl::Now() - absl::Seconds(1));
  EXPECT_FALSE(IsApplied(outcome));
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.dataset"), 0);
}

TEST_F(UpdateStoreTest, APoolerInTransactionModeIsEnough) {
  pg::ConnectOptions options = options_;
  options.pooling = pg::Pooling::kTransaction;
  PostgresUpdateStore store(options);
  EXPECT_TRUE(IsApplied(Apply(store, Create("a"))));
  const auto outcomes = ApplyAll(store, {Create("b"), Create("c"), Create("b2")});
  for (const UpdateOutcome& outcome : outcomes) EXPECT_TRUE(IsApplied(outcome));
}

TEST_F(UpdateStoreTest, ABatchOfTheLargestSizeIsApplied) {
  std::vector<UpdateRequest> requests;
  for (int i = 0; i < 64; ++i) {
    std::vector<RecordPatch> patches;
    for (int k = 0; k < 16; ++k) {
      patches.push_back(Put(absl::StrCat("k", k), SyncCount(0), std::string(1000, 'x')));
    }
    const auto identity = IdentityKey::Of("us-east-1:0a", absl::StrCat("us-east-1:", i));
    requests.push_back(UpdateOf({identity, "d"}, patches));
  }
  for (const UpdateOutcome& outcome : ApplyAll(store_, requests)) {
    EXPECT_TRUE(IsApplied(outcome)) << ToStatus(outcome);
  }
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.record"), 1024);
  EXPECT_THAT(Inconsistencies(SharedDatabase()), IsEmpty());
}

// Of a table that was filled just now the planner knows nothing.
TEST_F(UpdateStoreTest, ReadsOfALargeDatasetOnlyWhatIsPatched) {
  constexpr int kKeys = 5000;
  SharedDatabase().Run("ALTER TABLE dataset.record SET (autovacuum_enabled = off)");
  UpdateRequest all = Create("large");
  for (int k = 0; k < kKeys; ++k) all.patches.push_back(Put(absl::StrCat(k), SyncCount(0)));
  all.limits.records_per_dataset = kKeys + 1;
  ASSERT_TRUE(IsApplied(Apply(store_, all)));
  UpdateRequest some = UpdateOf({identity_, "large"}, {}), stale = some;
  for (int k = 0; k < 10; ++k) some.patches.push_back(Put(absl::StrCat(k), SyncCount(1)));
  for (int k = 0; k < 10; ++k) stale.patches.push_back(Put(absl::StrCat(k), SyncCount(7)));
  const UpdateRequest other = Create("other");
  const std::vector<std::vector<const UpdateRequest*>> calls = {
      {&some}, {&some, &other}, {&stale}, {&stale, &other}};
  for (const auto& call : calls) {
    pg::Connection connection = SharedDatabase().Connect();
    auto transaction = pg::Transaction::Begin(connection, InSeconds(30));
    ASSERT_TRUE(transaction.ok());
    const auto outcomes = CallUpdate(connection, call, InSeconds(30));
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(IsApplied(outcomes->front()), call.front() == &some);
    const auto read = connection.RunOnce(
        "SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = "
        "'dataset.record'::regclass",
        pg::Params(), InSeconds(30));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_LT((*read)[0].Get<std::int64_t>(0).value(), 100);
  }
}

// The publisher's reading of the log depends on it (design, section 6).
TEST_F(UpdateStoreTest, PositionsOfADatasetFollowItsCounts) {
  SyncCount count;
  for (int i = 0; i < 20; ++i) {
    const UpdateOutcome outcome = Apply(store_, UpdateOf({identity_, "a"}, {Put("k", count)}));
    ASSERT_TRUE(IsApplied(outcome));
    count = std::get<Applied>(outcome).sync_count;
  }
  EXPECT_EQ(Number("SELECT count(*) FROM (SELECT sync_count, lag(sync_count, 1, 0::bigint)"
                   " OVER (ORDER BY position) AS before FROM dataset.change_log) AS l"
                   " WHERE sync_count <> before + 1"),
            0);
}

TEST_F(UpdateStoreTest, OneByOneARequestPastItsOwnDeadlineIsNotApplied) {
  // The batch fails as a whole, and by then nobody waits for the second.
  std::vector<UpdateRequest> requests = {Create(std::string(200, 'x')), Create("late"),
                                         Create("in time")};
  requests[1].deadline = absl::Now();
  const auto outcomes = ApplyAll(store_, requests);
  EXPECT_EQ(errors::ReasonOf(ToStatus(outcomes[1])), errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_TRUE(IsApplied(outcomes[2]));
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.dataset"), 1);
}

TEST_F(UpdateStoreTest, ADeletionDoesNotWaitForALockUntilItsDeadline) {
  ASSERT_TRUE(IsApplied(Apply(store_, Create("held"))));
  pg::Connection holder = SharedDatabase().Connect();
  auto holding = pg::Transaction::Begin(holder, absl::InfiniteFuture());
  ASSERT_TRUE(holding.ok());
  ASSERT_TRUE(holding->RunScript("SELECT FROM dataset.dataset FOR UPDATE").ok());
  PostgresAdminStore admin(options_);
  const auto outcome = admin.Delete(DeleteOf({identity_, "held"}), InSeconds(100'000));
  EXPECT_EQ(errors::ReasonOf(outcome.status()), errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
}

}  // namespace
}  // namespace tidemark::dataset
