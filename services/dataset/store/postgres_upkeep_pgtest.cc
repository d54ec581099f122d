#include "services/dataset/store/postgres_upkeep.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/pg/transaction.h"
#include "common/testing/eventually.h"
#include "services/dataset/store/postgres_log_upkeep.h"
#include "services/dataset/store/testing/postgres_fixture.h"
#include "services/dataset/store/testing/requests.h"
#include "tidemark/dataset/migrations.h"

namespace tidemark::dataset {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// The migration's first partitions end here.
constexpr std::int64_t kFirstRoom = 300'000;

class UpkeepTest : public ::testing::Test {
 protected:
  UpkeepTest() {
    upkeep_.partition_rows = 100;
    upkeep_.rows_ahead = 250;
    // As if the first partitions were full: small ones follow.
    Run(absl::StrCat("SELECT setval('dataset.change_log_position', ", kFirstRoom, ")"));
  }

  static IdentityKey IdentityOf(int i) {
    return IdentityKey::Of("us-east-1:0a", absl::StrCat("us-east-1:", i));
  }

  void Run(std::string_view sql) const { database_->Run(sql); }

  std::int64_t Number(std::string_view sql) const {
    pg::Connection connection = database_->Connect();
    const auto result = connection.RunOnce(sql, pg::Params(), InSeconds(30));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? (*result)[0].Get<std::int64_t>(0).value_or(-1) : -1;
  }

  // Adds changes, a row of the log each.
  void Write(int changes) {
    for (int i = 0; i < changes; ++i) {
      const UpdateOutcome outcome =
          Apply(updates_, UpdateOf({IdentityOf(0), "d"}, {Put("k", count_)}));
      ASSERT_TRUE(std::holds_alternative<Applied>(outcome)) << ToStatus(outcome);
      count_ = std::get<Applied>(outcome).sync_count;
    }
  }

  // Adds rows to the log alone, with bodies of about this size.
  void LogRows(int rows, int bytes) const {
    Run(absl::StrCat(
        "INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,"
        "                                generation, kind, commit_time, body)"
        " SELECT 0, 1, 0, 1, n, 1, 1, now(), string_agg(sha512((n || '/' || b)::text::bytea), '')"
        "   FROM generate_series(1, ",
        rows, ") AS n, generate_series(1, ", bytes / 64, ") AS b GROUP BY n"));
  }

  UpkeepReport Pass() {
    PostgresUpkeep upkeep(options_, upkeep_);
    UpkeepReport report;
    const absl::Status status = upkeep.Pass(InSeconds(30), report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }

  LogDescription Describe() {
    PostgresLogUpkeep log(options_);
    const auto description = log.Describe(InSeconds(30));
    EXPECT_TRUE(description.ok()) << description.status();
    return description.value_or(LogDescription{});
  }

  void ReportLowMark(std::int64_t position) {
    PostgresLogUpkeep log(options_);
    EXPECT_TRUE(log.ReportLowMark(position, InSeconds(30)).ok());
  }

  const std::unique_ptr<testing::TestDatabase> database_ =
      testing::TestDatabase::Create({&Migrations()});
  const pg::ConnectOptions options_ = ServiceOptions(*database_);
  UpkeepOptions upkeep_;
  PostgresUpdateStore updates_{options_};
  SyncCount count_;
};

TEST_F(UpkeepTest, TheMigrationMakesRoomForTheFirstChanges) {
  Run("SELECT setval('dataset.change_log_position', 1, false)");
  Write(1);
  EXPECT_EQ(Describe().end_position, 1);
  EXPECT_EQ(Describe().partitions_ahead, 14);
}

TEST_F(UpkeepTest, PartitionsAreCreatedAheadWhileTheLogGrows) {
  EXPECT_EQ(Pass().partitions_created, 3);
  EXPECT_EQ(Pass().partitions_created, 0);
  EXPECT_EQ(Describe().partitions_ahead, 3);
  Write(120);
  EXPECT_EQ(Pass().partitions_created, 1);
  EXPECT_GE(Describe().partitions_ahead, 2);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.change_log"), 120);
}

TEST_F(UpkeepTest, UnderLoadRoomIsMadeAndWhatWasPassedGoes) {
  Pass();
  std::atomic<int> running = 3;
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([this, w, &running] {
      const absl::Cleanup done = [&running] { --running; };
      PostgresUpdateStore store(options_);
      SyncCount count;
      for (int i = 0; i < 300; ++i) {
        // Partitions are tiny here; upkeep that is not scheduled in time is not what is tested.
        if (i % 20 == 0) {
          ASSERT_TRUE(testing::Eventually([this] { return Describe().partitions_ahead > 1; }));
        }
        const UpdateOutcome outcome =
            Apply(store, UpdateOf({IdentityOf(w), "w"}, {Put("k", count)}));
        ASSERT_TRUE(std::holds_alternative<Applied>(outcome)) << ToStatus(outcome);
        count = std::get<Applied>(outcome).sync_count;
      }
    });
  }
  std::vector<std::thread> replicas;
  for (int r = 0; r < 2; ++r) {
    replicas.emplace_back([this, &running] {
      while (running > 0) {
        Pass();
        ReportLowMark(Describe().end_position - 150);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (std::thread& replica : replicas) replica.join();
  Pass();
  const LogDescription log = Describe();
  EXPECT_EQ(log.end_position, kFirstRoom + 900);
  EXPECT_GE(log.emptied_through, kFirstRoom + 600);
  EXPECT_LE(log.emptied_through, log.low_mark);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.change_log"),
            log.end_position - log.emptied_through);
  EXPECT_EQ(Number("SELECT min(position) FROM dataset.change_log"), log.emptied_through + 1);
  EXPECT_THAT(Inconsistencies(*database_), IsEmpty());
}

TEST_F(UpkeepTest, NothingIsEmptiedThatPublishersHaveNotPassed) {
  Pass();
  Write(250);
  EXPECT_THAT(Pass().emptied, IsEmpty());
  ReportLowMark(kFirstRoom + 99);
  EXPECT_THAT(Pass().emptied, IsEmpty());
  ReportLowMark(kFirstRoom + 100);
  const UpkeepReport report = Pass();
  ASSERT_THAT(report.emptied, SizeIs(1));
  EXPECT_EQ(report.emptied[0].first_position, kFirstRoom + 1);
  EXPECT_EQ(report.emptied[0].end_position, kFirstRoom + 101);
  EXPECT_TRUE(report.emptied[0].passed);
  EXPECT_EQ(Describe().emptied_through, kFirstRoom + 100);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.change_log"), 150);
}

TEST_F(UpkeepTest, ALowMarkNeverMovesBackNorBeyondTheEnd) {
  Pass();
  Write(10);
  ReportLowMark(kFirstRoom + 5);
  ReportLowMark(3);
  EXPECT_EQ(Describe().low_mark, kFirstRoom + 5);
  ReportLowMark(kFirstRoom * 2);
  EXPECT_EQ(Describe().low_mark, kFirstRoom + 10);
}

TEST_F(UpkeepTest, BeyondTheBoundInBytesTheOldestGoesAndItIsSaid) {
  Pass();
  Write(250);
  const std::int64_t bytes = Describe().size_bytes;
  const std::int64_t written =
      Number("SELECT sum(bytes)::bigint FROM dataset.change_log_partition WHERE written");
  upkeep_.log_max_bytes = 2 * bytes;
  const UpkeepReport half_full = Pass();
  EXPECT_THAT(half_full.emptied, IsEmpty());
  EXPECT_NEAR(half_full.log_fill, static_cast<double>(written) / (2.0 * bytes), 0.01);
  upkeep_.log_max_bytes = bytes - 1;
  const UpkeepReport report = Pass();
  ASSERT_FALSE(report.emptied.empty());
  EXPECT_FALSE(report.emptied[0].passed);
  EXPECT_GE(Describe().emptied_through, kFirstRoom + 100);
  EXPECT_GT(Number("SELECT count(*) FROM dataset.change_log"), 0) << "the last one stays";
}

TEST_F(UpkeepTest, BeyondTheBoundInTimeWhatIsOldGoes) {
  Pass();
  Write(110);
  Run("UPDATE dataset.change_log SET commit_time = commit_time - interval '2 hours'");
  Write(110);
  upkeep_.log_max_age = absl::Hours(4);
  const UpkeepReport half_old = Pass();
  EXPECT_THAT(half_old.emptied, IsEmpty());
  EXPECT_NEAR(half_old.log_fill, 0.5, 0.1);
  upkeep_.log_max_age = absl::Hours(1);
  EXPECT_THAT(Pass().emptied, SizeIs(1));
  EXPECT_EQ(Describe().emptied_through, kFirstRoom + 100);
}

TEST_F(UpkeepTest, AReaderInTheWayOnlyPutsOffTheEmptying) {
  Pass();
  Write(150);
  ReportLowMark(kFirstRoom + 100);
  pg::Connection reader = database_->Connect();
  {
    auto reading = pg::Transaction::Begin(reader, InSeconds(30));
    ASSERT_TRUE(reading.ok());
    ASSERT_TRUE(reading->RunScript("SELECT count(*) FROM dataset.change_log").ok());
    EXPECT_THAT(Pass().emptied, IsEmpty());
    EXPECT_EQ(Describe().emptied_through, 0);
    Write(1);
  }
  EXPECT_THAT(Pass().emptied, SizeIs(1));
}

TEST_F(UpkeepTest, WhatWasEmptiedIsDroppedOnceThereIsMuchOfIt) {
  Pass();
  Write(250);
  ReportLowMark(kFirstRoom + 200);
  upkeep_.emptied_kept = 17;
  EXPECT_EQ(Pass().partitions_dropped, 0);
  const std::int32_t before = Describe().partitions;
  upkeep_.emptied_kept = 16;
  const UpkeepReport report = Pass();
  EXPECT_EQ(report.partitions_dropped, 16);  // the migration's fifteen, and one of ours
  EXPECT_EQ(report.partitions, before - 16);
  EXPECT_EQ(Describe().partitions, before - 16);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.change_log"), 50);
  Write(60);
  EXPECT_EQ(Pass().partitions_created, 1);
}

TEST_F(UpkeepTest, AReaderInTheWayPutsOffTheDropAndHoldsUpNoWriter) {
  Pass();
  Write(150);
  ReportLowMark(kFirstRoom + 100);
  upkeep_.emptied_kept = 100;
  EXPECT_THAT(Pass().emptied, SizeIs(1));
  upkeep_.emptied_kept = 0;
  pg::Connection reader = database_->Connect();
  {
    auto reading = pg::Transaction::Begin(reader, InSeconds(60));
    ASSERT_TRUE(reading.ok());
    ASSERT_TRUE(reading->RunScript("SELECT count(*) FROM dataset.change_log").ok());
    EXPECT_EQ(Pass().partitions_dropped, 0);
    Write(1);
  }
  EXPECT_GT(Pass().partitions_dropped, 0);
  Write(1);
}

TEST_F(UpkeepTest, APartitionOfLargeChangesHoldsFewer) {
  Run("SELECT setval('dataset.change_log_position', 1, false)");
  LogRows(1500, 8'000);
  upkeep_.partition_rows = 100'000;
  upkeep_.rows_ahead = 350'000;
  const std::int64_t row_bytes = Describe().size_bytes / 1500;
  upkeep_.log_max_bytes = std::int64_t{112'000} * row_bytes;  // 16 partitions of 7,000
  EXPECT_GE(Pass().partitions_created, 50'000 / 8'000);
  const std::int64_t rows = Number(
      "SELECT max(end_position - first_position) FROM dataset.change_log_partition"
      " WHERE first_position > 300000");
  EXPECT_GE(rows, 5'000);
  EXPECT_LE(rows, 8'000);
}

TEST_F(UpkeepTest, OnlyWhatPublishersLackFillsTheLog) {
  Run("SELECT setval('dataset.change_log_position', 1, false)");
  LogRows(1000, 8'000);
  upkeep_.log_max_bytes = Describe().size_bytes;
  EXPECT_NEAR(Pass().log_fill, 1, 0.1);
  ReportLowMark(900);
  EXPECT_NEAR(Pass().log_fill, 0.1, 0.05);
}

TEST_F(UpkeepTest, ALockThatKeepsTheLogFromGrowingIsReported) {
  Pass();
  Write(120);
  pg::Connection other = database_->Connect();
  {
    auto locking = pg::Transaction::Begin(other, InSeconds(60));
    ASSERT_TRUE(locking.ok());
    ASSERT_TRUE(locking->RunScript("LOCK dataset.change_log IN SHARE UPDATE EXCLUSIVE MODE").ok());
    const UpkeepReport busy = Pass();
    EXPECT_TRUE(busy.extension_busy);
    EXPECT_EQ(busy.positions_ahead, 180);
  }
  EXPECT_FALSE(Pass().extension_busy);
}

TEST_F(UpkeepTest, AWriteReplacesNoUsageOfAnEarlierSecond) {
  Pass();
  Write(1);
  Run("UPDATE dataset.usage_delta SET lane = lane - 1");  // as if a second had passed
  Write(1);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.usage_delta WHERE bytes = 0"), 1);
  EXPECT_GE(Number("SELECT count(*) FROM dataset.usage_delta"), 2);
  EXPECT_GE(Pass().usage_folded, 2);
  EXPECT_THAT(Inconsistencies(*database_), IsEmpty());
}

TEST_F(UpkeepTest, RecordsOfDeletedDatasetsArePurgedInChunks) {
  Pass();
  PostgresAdminStore admin(options_);
  for (int d = 0; d < 3; ++d) {
    const DatasetKey dataset{IdentityOf(0), absl::StrCat("d", d)};
    std::vector<RecordPatch> patches;
    for (int k = 0; k < 25; ++k) patches.push_back(Put(absl::StrCat("k", k), SyncCount(0)));
    ASSERT_TRUE(std::holds_alternative<Applied>(Apply(updates_, UpdateOf(dataset, patches))));
  }
  ASSERT_TRUE(admin.Delete(DeleteOf({IdentityOf(0), "d1"}), InSeconds(30)).ok());
  ASSERT_TRUE(admin.Delete(DeleteOf({IdentityOf(0), "d2"}), InSeconds(30)).ok());
  upkeep_.purge_chunk = 10;
  upkeep_.purge_records = 30;
  const UpkeepReport first = Pass();
  EXPECT_TRUE(first.purge_pending);
  EXPECT_GE(first.records_purged, 25);
  const UpkeepReport second = Pass();
  EXPECT_FALSE(second.purge_pending);
  EXPECT_EQ(first.records_purged + second.records_purged, 50);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.record"), 25);
  EXPECT_THAT(Inconsistencies(*database_), IsEmpty());
}

// Of a table that was filled just now the planner knows nothing.
TEST_F(UpkeepTest, APurgeReadsNoMoreRecordsThanItDeletes) {
  Run("ALTER TABLE dataset.record SET (autovacuum_enabled = off);"
      "INSERT INTO dataset.record (owner, dataset_id, key, sync_count, modified_time,"
      " device_modified_time, modified_by)"
      " SELECT 7, 7, k::text, 1, now(), now(), '' FROM generate_series(1, 5000) AS k;"
      "INSERT INTO dataset.record_purge VALUES (7, 7, 'p:1', 'p:2')");
  pg::Connection connection = database_->Connect();
  auto transaction = pg::Transaction::Begin(connection, InSeconds(30));
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(transaction->RunScript("SELECT dataset.purge_records(10)").ok());
  const auto read = connection.RunOnce(
      "SELECT n_tup_del, coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
      " WHERE relid = 'dataset.record'::regclass",
      pg::Params(), InSeconds(30));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)[0].Get<std::int64_t>(0).value(), 10);
  EXPECT_LT((*read)[0].Get<std::int64_t>(1).value(), 100);
}

TEST_F(UpkeepTest, APurgedPoolIsErasedInPassesAndNoOther) {
  Pass();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(std::holds_alternative<Applied>(
        Apply(updates_, UpdateOf({IdentityOf(i), "d"}, {Put("k", SyncCount(0))}))));
  }
  const DatasetKey other{IdentityKey::Of("us-east-1:0b", "us-east-1:1"), "d"};
  ASSERT_TRUE(
      std::holds_alternative<Applied>(Apply(updates_, UpdateOf(other, {Put("k", SyncCount(0))}))));
  PostgresAdminStore admin(options_);
  ASSERT_EQ(*admin.PurgePool("us-east-1:0a", true, InSeconds(30)), 5);
  upkeep_.purge_identities = 3;
  EXPECT_TRUE(Pass().purge_pending);
  EXPECT_FALSE(Pass().purge_pending);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.identity"), 1);
  Pass();
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.pool_purge"), 0);
  EXPECT_THAT(Inconsistencies(*database_),
              ::testing::Each(::testing::StartsWith("dataset d is only")));
}

TEST_F(UpkeepTest, ADeletedPoolLeavesNoUsageBehindAlsoWhereNoIdentityHeldData) {
  PostgresAdminStore admin(options_);
  const std::vector<std::pair<std::string, std::int64_t>> sessions = {{"us-east-1:0a", 3}};
  ASSERT_TRUE(admin.AddSessions(sessions, InSeconds(30)).ok());
  ASSERT_EQ(*admin.PurgePool("us-east-1:0a", true, InSeconds(30)), 0);
  Pass();
  Pass();
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.pool_usage"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.pool_purge"), 0);
}

TEST_F(UpkeepTest, UsageThatIsBeingFoldedWhileItsPoolIsErasedGoesToo) {
  Pass();
  Write(1);
  PostgresAdminStore admin(options_);
  ASSERT_EQ(*admin.PurgePool("us-east-1:0a", true, InSeconds(30)), 1);
  pg::Connection other = database_->Connect();
  std::thread pass;
  {
    auto folding = pg::Transaction::Begin(other, InSeconds(60));
    ASSERT_TRUE(folding.ok());
    ASSERT_TRUE(folding->RunScript("SELECT dataset.fold_usage()").ok());
    pass = std::thread([this] { Pass(); });
    EXPECT_TRUE(testing::Eventually(
        [this] { return Number("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0; }));
    EXPECT_TRUE(std::move(*folding).Commit().ok());
  }
  pass.join();
  Pass();
  Pass();
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.usage_delta"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.pool_usage"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.pool_purge"), 0);
}

TEST_F(UpkeepTest, AnIdentityThatIsHeldPutsOffNoOthersPurge) {
  Pass();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(std::holds_alternative<Applied>(
        Apply(updates_, UpdateOf({IdentityOf(i), "d"}, {Put("k", SyncCount(0))}))));
  }
  PostgresAdminStore admin(options_);
  ASSERT_EQ(*admin.PurgePool("us-east-1:0a", true, InSeconds(30)), 4);
  pg::Connection other = database_->Connect();
  {
    auto holding = pg::Transaction::Begin(other, InSeconds(60));
    ASSERT_TRUE(holding.ok());
    // The one that comes first.
    ASSERT_TRUE(holding
                    ->RunScript("SELECT FROM dataset.dataset WHERE identity_id ="
                                " (SELECT identity_id FROM dataset.identity"
                                "   WHERE pool_id = 'us-east-1:0a' LIMIT 1) FOR UPDATE")
                    .ok());
    Pass();
    EXPECT_EQ(Number("SELECT count(*) FROM dataset.identity"), 1);
  }
  Pass();
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.identity"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.record"), 0);
}

TEST_F(UpkeepTest, AnErasureTakesAlongWhatUpkeepHasNotComeTo) {
  Pass();
  for (const char* name : {"deleted", "live"}) {
    std::vector<RecordPatch> patches;
    for (int k = 0; k < 1024; ++k) patches.push_back(Put(absl::StrCat("k", k), SyncCount(0)));
    ASSERT_TRUE(
        std::holds_alternative<Applied>(Apply(updates_, UpdateOf({IdentityOf(0), name}, patches))));
  }
  PostgresAdminStore admin(options_);
  ASSERT_TRUE(admin.Delete(DeleteOf({IdentityOf(0), "deleted"}), InSeconds(30)).ok());
  const auto erased = admin.Erase({IdentityOf(0), PoolNumber(1), {}}, InSeconds(30));
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->datasets, 2);
  EXPECT_EQ(erased->records, 2048);
  EXPECT_EQ(erased->change_log_rows, 4);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.record"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM dataset.record_purge"), 0);
  EXPECT_THAT(Inconsistencies(*database_), IsEmpty());
}

}  // namespace
}  // namespace tidemark::dataset
