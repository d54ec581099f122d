#include "services/publisher/store/postgres_change_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "services/publisher/domain/gap_tracker.h"
#include "services/publisher/store/event_decoder.h"
#include "services/publisher/store/testing/postgres_database.h"
#include "services/publisher/store/testing/postgres_log_writer.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Position> PositionsOf(const LogPage& page) {
  std::vector<Position> positions;
  for (const LogRow& row : page.rows) positions.push_back(row.position);
  return positions;
}

const ShardSet kAll = ShardSet().set();

class PostgresChangeLogTest : public ::testing::Test {
 protected:
  PostgresChangeLogTest() { Clear(database_); }

  static PostgresChangeLog::Options Options() {
    PostgresChangeLog::Options options;
    options.connect = ServiceOptions(SharedDatabase());
    return options;
  }

  LogPage Poll(Position hi, const std::vector<PositionRange>& gaps = {}) {
    auto page = log_.Poll(kAll, hi, gaps);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : LogPage{};
  }

  testing::TestDatabase& database_ = SharedDatabase();
  LogWriter writer_{database_.Connect()};
  PostgresChangeLog log_{Options()};
};

TEST_F(PostgresChangeLogTest, AnEmptyPollStillHasASnapshot) {
  const LogPage page = Poll(0);
  EXPECT_THAT(page.rows, IsEmpty());
  EXPECT_TRUE(page.complete);
  EXPECT_GT(page.xmin, 0U);
  EXPECT_EQ(page.emptied_through, 0);
}

TEST_F(PostgresChangeLogTest, RowsComeWithAllTheirColumns) {
  const TestChange change{.pool_number = 7,
                          .kind = ChangeKind::kDelete,
                          .sync_count = 5,
                          .generation = 2,
                          .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
  const Position position = writer_.Write(change);
  const LogPage page = Poll(0);
  ASSERT_EQ(page.rows.size(), 1U);
  const LogRow& row = page.rows[0];
  EXPECT_EQ(row.position, position);
  EXPECT_EQ(row.log_shard, LogShardOf(OwnerOf(change.pool_id, change.identity_id)));
  EXPECT_EQ(row.pool_number, 7);
  EXPECT_EQ(row.sync_count, 5);
  EXPECT_EQ(row.generation, 2);
  EXPECT_EQ(row.kind, ChangeKind::kDelete);
  EXPECT_LT(absl::Now() - row.commit_time, absl::Minutes(1));
  EXPECT_EQ(row.traceparent, change.traceparent);
  EXPECT_EQ(row.body, BodyOf(change));
}

TEST_F(PostgresChangeLogTest, APollFindsWhatIsNewAndWhatFillsGaps) {
  writer_.Run("SELECT setval('dataset.change_log_position', 10)");
  writer_.Write(std::vector<TestChange>(5));
  writer_.Run("DELETE FROM dataset.change_log WHERE position = 12");
  EXPECT_THAT(PositionsOf(Poll(13)), ElementsAre(14, 15));
  EXPECT_THAT(PositionsOf(Poll(14, {{1, 11}, {13, 13}})), ElementsAre(11, 13, 15));
  EXPECT_THAT(PositionsOf(Poll(20, {{1, 10}, {12, 12}})), IsEmpty());
}

TEST_F(PostgresChangeLogTest, PagesEndByBytesAfterAtLeastOneRow) {
  TestChange large;
  large.records = {{"key", std::string(100'000, 'x')}};
  TestChange larger;
  larger.records = {{"key", std::string(200'000, 'x')}};
  writer_.Write({large, large, large, larger, large, TestChange()});
  PostgresChangeLog::Options options = Options();
  options.page_bytes = 150'000;
  PostgresChangeLog log(options);
  std::vector<std::vector<Position>> pages;
  bool complete = false;
  for (Position hi = 0; !complete; hi = pages.back().back()) {
    const auto page = log.Poll(kAll, hi, {});
    ASSERT_TRUE(page.ok()) << page.status();
    complete = page->complete;
    if (page->rows.empty()) break;
    EXPECT_EQ(PositionsOf(*page), page->positions);
    pages.push_back(page->positions);
  }
  EXPECT_TRUE(complete);
  EXPECT_THAT(pages, ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3), ElementsAre(4),
                                 ElementsAre(5, 6)));
}

TEST_F(PostgresChangeLogTest, AfterLargeRowsPagesGrowAgain) {
  TestChange large;
  large.records = {{"key", std::string(100'000, 'x')}};
  writer_.Write(large);
  writer_.Write(large);
  writer_.Write(std::vector<TestChange>(100));
  PostgresChangeLog::Options options = Options();
  options.page_bytes = 150'000;
  PostgresChangeLog log(options);
  int polls = 0;
  for (Position hi = 0; hi < 102 && polls < 20; ++polls) {
    const auto page = log.Poll(kAll, hi, {});
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_FALSE(page->positions.empty());
    hi = page->positions.back();
  }
  EXPECT_LT(polls, 20);
}

TEST_F(PostgresChangeLogTest, PagesEndByRows) {
  writer_.Write(std::vector<TestChange>(2500));
  const LogPage page = Poll(100);
  EXPECT_EQ(page.rows.size(), 2000U);
  EXPECT_FALSE(page.complete);
  EXPECT_EQ(Poll(2100).rows.size(), 400U);
}

TEST_F(PostgresChangeLogTest, ReadsOnePool) {
  writer_.Write({{.pool_number = 1}, {.pool_number = 2}, {.pool_number = 1}, {.pool_number = 1}});
  const auto page = log_.ReadPool(kAll, 1, {1, 3}, kMiB);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(PositionsOf(*page), ElementsAre(1, 3));
  EXPECT_TRUE(page->complete);
  const auto little = log_.ReadPool(kAll, 1, {1, 3}, 1);
  ASSERT_TRUE(little.ok()) << little.status();
  EXPECT_THAT(PositionsOf(*little), ElementsAre(1));
  EXPECT_FALSE(little->complete);
}

TEST_F(PostgresChangeLogTest, OfShardsThatAreNotHeldOnlyThePositionsAreRead) {
  const TestChange mine{.pool_number = 1, .identity_id = "us-east-1:a"};
  TestChange other = mine;
  other.identity_id = "us-east-1:b";
  other.records = {{"key", std::string(100'000, 'x')}};
  writer_.Write(std::vector<TestChange>{mine, other, other, mine});
  const LogPage all = Poll(0);
  ASSERT_EQ(all.rows.size(), 4U);
  ASSERT_NE(all.rows[0].log_shard, all.rows[1].log_shard);
  const ShardSet held = ShardSet().set(all.rows[0].log_shard.value());
  PostgresChangeLog::Options options = Options();
  options.page_bytes = 150'000;
  const auto page = PostgresChangeLog(options).Poll(held, 1, std::vector<PositionRange>{{1, 1}});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->positions, ElementsAre(1, 2, 3, 4)) << "others' bodies do not count";
  ASSERT_THAT(PositionsOf(*page), ElementsAre(1, 4));
  EXPECT_EQ(page->rows[0].body, all.rows[0].body);
  const auto pool = log_.ReadPool(held, 1, {1, 4}, kMiB);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_THAT(PositionsOf(*pool), ElementsAre(1, 4));
}

TEST_F(PostgresChangeLogTest, KnowsTheEndAndTakesXids) {
  EXPECT_EQ(log_.End().value(), 0);
  writer_.Write(std::vector<TestChange>(3));
  EXPECT_EQ(log_.End().value(), 3);
  const Xid xid = log_.TakeXid().value();
  EXPECT_GT(log_.TakeXid().value(), xid);
  // Transactions of the server's other databases hold xmin back while they are open.
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while (Poll(0).xmin <= xid && absl::Now() < give_up) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_GT(Poll(0).xmin, xid);
}

TEST_F(PostgresChangeLogTest, ALostConnectionIsMadeAnewAndAnOlderDatabaseIsNoticed) {
  writer_.Write(std::vector<TestChange>(3));
  Poll(3);
  Disconnect(database_);
  EXPECT_FALSE(log_.Poll(kAll, 3, {}).ok());
  EXPECT_TRUE(log_.Poll(kAll, 3, {}).ok());
  Disconnect(database_);
  writer_.Run("SELECT setval('dataset.change_log_position', 2)");
  EXPECT_FALSE(log_.Poll(kAll, 3, {}).ok());
  EXPECT_EQ(log_.Poll(kAll, 3, {}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(PostgresChangeLogTest, AnotherDatabaseOfTheSameLengthIsNoticed) {
  writer_.Write(std::vector<TestChange>(3));
  Poll(3);
  const auto other = MakeDatabase();
  other->Run("SELECT setval('dataset.change_log_position', 3)");
  Swap(database_, *other);
  EXPECT_FALSE(log_.Poll(kAll, 3, {}).ok()) << "the connection was lost";
  EXPECT_EQ(log_.Poll(kAll, 3, {}).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(log_.Poll(kAll, 3, {}).ok()) << "once";
  Swap(database_, *other);
}

TEST_F(PostgresChangeLogTest, ALogThatEndsBelowTheStartIsNoticedAtOnceAndByEnd) {
  writer_.Write(std::vector<TestChange>(3));
  EXPECT_EQ(log_.Poll(kAll, 5, {}).status().code(), absl::StatusCode::kDataLoss);
  Poll(3);
  writer_.Run("SELECT setval('dataset.change_log_position', 2)");
  EXPECT_EQ(log_.End().status().code(), absl::StatusCode::kDataLoss);
}

// Writers on few datasets. Some hold their transactions open beside the others, and half of those
// roll back (measured section 2).
class LogRace : public PostgresChangeLogTest {
 protected:
  static constexpr int kDatasets = 6;

  void SetUp() override {
    database_.Run(
        "CREATE TABLE hot (id int PRIMARY KEY, sync_count bigint NOT NULL DEFAULT 0);"
        "INSERT INTO hot SELECT generate_series(0, 5)");
  }

  // As the dataset service: an xid, the dataset's lock, then the row of the log.
  void WriteOne(LogWriter& writer, int dataset, absl::Duration hold, bool commit) {
    writer.Run("BEGIN");
    const auto count = writer.connection().RunOnce(
        "UPDATE hot SET sync_count = sync_count + 1 WHERE id = $1 RETURNING sync_count",
        pg::Params(dataset), absl::Now() + absl::Seconds(60));
    ASSERT_TRUE(count.ok()) << count.status();
    writer.Write(TestChange{.dataset_name = std::to_string(dataset),
                            .sync_count = std::get<0>(count->ParseOnly<std::int64_t>().value())});
    absl::SleepFor(hold);
    writer.Run(commit ? "COMMIT" : "ROLLBACK");
  }

  std::thread Writer(int seed, int changes, absl::Duration hold) {
    ++writers_;
    return std::thread([this, seed, changes, hold] {
      pg::ConnectOptions options = database_.options();
      options.lock_timeout = absl::ZeroDuration();
      options.statement_timeout = absl::ZeroDuration();
      LogWriter writer(pg::Connection::Open(options).value());
      for (int i = 0; i < changes; ++i) {
        const bool rolls_back = (i + seed) % 4 == 0 || (hold > absl::ZeroDuration() && i % 2 == 0);
        WriteOne(writer, (seed + i * 7) % kDatasets, hold, !rolls_back);
      }
      --writers_;
    });
  }

  // Reads until all writers are done and no gap is left; checks the order as it goes.
  void ReadAll(std::map<std::string, std::int64_t>& counts) {
    EventDecoder decoder;
    GapTracker gaps(0);
    std::size_t most_gaps = 0;
    const absl::Time give_up = absl::Now() + absl::Seconds(60);
    while (absl::Now() < give_up) {
      const bool last_round = writers_ == 0;
      const LogPage page = Poll(gaps.hi(), gaps.gaps());
      for (const LogRow& row : page.rows) {
        const Event event = decoder.Decode(row, absl::Now()).value();
        EXPECT_EQ(event.change.sync_count, ++counts[event.change.dataset_name]);
      }
      gaps.Apply({.positions = page.positions,
                  .complete = page.complete,
                  .xmin = page.xmin,
                  .time = absl::Now()});
      most_gaps = std::max(most_gaps, gaps.gap_count());
      if (gaps.WantsProof(absl::Now())) gaps.AddProof(log_.TakeXid().value());
      if (last_round && page.rows.empty() && gaps.gap_count() == 0) break;
    }
    EXPECT_EQ(gaps.gap_count(), 0U);
    EXPECT_GT(most_gaps, 0U) << "the race did not happen";
  }

  std::atomic<int> writers_ = 0;
};

TEST_F(LogRace, NothingIsLostRepeatedOrReorderedBesideOpenAndRolledBackTransactions) {
  std::vector<std::thread> writers;
  for (int seed = 0; seed < 4; ++seed) writers.push_back(Writer(seed, 150, absl::ZeroDuration()));
  writers.push_back(Writer(4, 12, absl::Milliseconds(120)));
  writers.push_back(Writer(5, 12, absl::Milliseconds(80)));
  std::map<std::string, std::int64_t> counts;
  ReadAll(counts);
  for (std::thread& writer : writers) writer.join();
  std::map<std::string, std::int64_t> written;
  pg::Connection connection = database_.Connect();
  const auto rows = connection.RunOnce("SELECT id::text, sync_count FROM hot", pg::Params(),
                                       absl::Now() + absl::Seconds(10));
  ASSERT_TRUE(rows.ok());
  const auto parsed = rows->ParseAll<std::string, std::int64_t>().value();
  for (const auto& [name, count] : parsed) written[name] = count;
  EXPECT_EQ(counts, written);
}

}  // namespace
}  // namespace tidemark::publisher
