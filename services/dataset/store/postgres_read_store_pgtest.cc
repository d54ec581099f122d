#include "services/dataset/store/postgres_read_store.h"

#include <future>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/pg/transaction.h"
#include "services/dataset/store/postgres_record_page.h"
#include "services/dataset/store/testing/postgres_fixture.h"
#include "services/dataset/store/testing/requests.h"

namespace tidemark::dataset {
namespace {

using ::testing::SizeIs;

class ReadStoreTest : public ::testing::Test {
 protected:
  ReadStoreTest() { Clear(SharedDatabase()); }

  absl::StatusOr<std::int64_t> LogEnd(absl::Time deadline) {
    std::promise<absl::StatusOr<std::int64_t>> promise;
    reads_.LogEndPosition(deadline, [&promise](auto end) { promise.set_value(std::move(end)); });
    return promise.get_future().get();
  }

  RecordPage List(const RecordQuery& query) {
    std::promise<absl::StatusOr<RecordPage>> promise;
    reads_.ListRecords(query, InSeconds(30),
                       [&promise](auto page) { promise.set_value(std::move(page)); });
    auto page = promise.get_future().get();
    EXPECT_TRUE(page.ok()) << page.status();
    return std::move(page).value_or(RecordPage{});
  }

  const IdentityKey identity_ = IdentityKey::Of("us-east-1:0a", "us-east-1:1b");
  const pg::ConnectOptions options_ = ServiceOptions(SharedDatabase());
  PostgresUpdateStore updates_{options_};
  PostgresReadStore reads_{options_, 2};
};

TEST_F(ReadStoreTest, WhoWaitsForTheLogsEndHoldsUpNoReader) {
  PostgresReadStore reads(options_, 1, {.in_flight = 1, .queued = 0, .queued_per_pool = 0});
  pg::Connection writer = SharedDatabase().Connect();
  auto writing = pg::Transaction::Begin(writer, InSeconds(60));
  ASSERT_TRUE(writing.ok());
  ASSERT_TRUE(writing->RunScript("SELECT pg_current_xact_id()").ok());
  std::promise<absl::Status> end;
  reads.LogEndPosition(InSeconds(30), [&end](const auto& got) { end.set_value(got.status()); });
  for (int i = 0; i < 20; ++i) {
    std::promise<absl::Status> described;
    reads.DescribeIdentity(identity_, InSeconds(30),
                           [&described](const auto& got) { described.set_value(got.status()); });
    EXPECT_TRUE(described.get_future().get().ok());
  }
  ASSERT_TRUE(std::move(*writing).Commit().ok());
  EXPECT_TRUE(end.get_future().get().ok());
}

TEST_F(ReadStoreTest, TheLogsEndIsKnownOnceEarlierWritesAreDone) {
  pg::Connection writer = SharedDatabase().Connect();
  auto writing = pg::Transaction::Begin(writer, InSeconds(60));
  ASSERT_TRUE(writing.ok());
  // Has taken a position, and may commit it or not.
  ASSERT_TRUE(writing
                  ->RunScript("SELECT pg_current_xact_id(),"
                              " nextval('dataset.change_log_position')")
                  .ok());
  const UpdateOutcome later = Apply(updates_, UpdateOf({identity_, "d"}, {Put("k", SyncCount(0))}));
  ASSERT_TRUE(std::holds_alternative<Applied>(later)) << ToStatus(later);
  EXPECT_EQ(LogEnd(absl::Now() + absl::Milliseconds(200)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(std::move(*writing).Commit().ok());
  const auto end = LogEnd(InSeconds(30));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, 2);
}

TEST_F(ReadStoreTest, PagesOfLargeRecordsEndNearTheirBound) {
  UpdateRequest request = UpdateOf({identity_, "d"}, {});
  request.limits.bytes_per_dataset = 10'000'000;
  for (int k = 0; k < 40; ++k) {
    request.patches.push_back(
        Put(absl::StrCat("k", 10 + k), SyncCount(0), std::string(100'000, 'x')));
  }
  ASSERT_TRUE(std::holds_alternative<Applied>(Apply(updates_, request)));
  RecordQuery query{.dataset = request.dataset, .max_bytes = 1'000'000};
  std::vector<std::string> keys;
  while (true) {
    const RecordPage page = List(query);
    EXPECT_LE(page.records.size(), 10U);
    for (const Record& record : page.records) keys.push_back(record.key);
    if (!page.more) break;
    query.after = {page.dataset->generation, page.dataset->sync_count, keys.back()};
  }
  EXPECT_THAT(keys, SizeIs(40));
  EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST_F(ReadStoreTest, PagesOfTombstonesEndNearTheirBound) {
  UpdateRequest request = UpdateOf({identity_, "d"}, {});
  for (int k = 0; k < 200; ++k) {
    request.patches.push_back(
        {absl::StrCat(std::string(1000, 'k'), 100 + k), std::nullopt, SyncCount(0), std::nullopt});
  }
  ASSERT_TRUE(std::holds_alternative<Applied>(Apply(updates_, request)));
  RecordQuery query{.dataset = request.dataset, .max_bytes = 20'000};
  pg::Connection connection = SharedDatabase().Connect();
  const auto sent = connection.Run(kListRecords, RecordPageParams(query), InSeconds(30));
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_LE(sent->size(), 21);  // what is cut off is not even sent
  EXPECT_TRUE(List(query).more);
}

TEST_F(ReadStoreTest, ANameNeverUsedStillTellsWhatIsMergedIntoIt) {
  const IdentityKey loser = IdentityKey::Of("us-east-1:0a", "us-east-1:2c");
  Apply(updates_, UpdateOf({loser, "prefs"}, {Put("k", SyncCount(0))}));
  // Not a copy, whatever it looks like.
  Apply(updates_, UpdateOf({identity_, "prefs.mine"}, {Put("k", SyncCount(0))}));
  PostgresAdminStore admin(options_);
  ASSERT_TRUE(admin
                  .Merge({.winner = identity_,
                          .loser = loser,
                          .pool_number = PoolNumber(7),
                          .limits = {},
                          .origin = {}},
                         InSeconds(30))
                  .ok());
  const RecordPage page = List({.dataset = {identity_, "prefs"}});
  EXPECT_FALSE(page.dataset.has_value());
  EXPECT_THAT(page.merged_dataset_names, ::testing::ElementsAre("prefs.us-east-1:2c"));
}

TEST_F(ReadStoreTest, WithoutAServerReadsFail) {
  pg::ConnectOptions nowhere = options_;
  nowhere.dsn = "host=127.0.0.1 port=1 dbname=none";
  PostgresReadStore reads(nowhere, 1);
  std::promise<absl::StatusOr<IdentityUsage>> promise;
  reads.DescribeIdentity(identity_, InSeconds(3600),
                         [&promise](auto usage) { promise.set_value(std::move(usage)); });
  EXPECT_EQ(errors::ReasonOf(promise.get_future().get().status()),
            errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
}

}  // namespace
}  // namespace tidemark::dataset
