// What every store does with bulk publishes; part of the contract suite.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "services/stream_config/store/store_contract.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {
namespace {

using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

}  // namespace

void BulkPublishContract::SetUp() {
  PoolStoreContract::SetUp();
  Creation creation = Wanted("r:1");
  creation.pool = Full("r:1");
  creation.pool.bulk_publish.reset();
  ASSERT_TRUE(store().Create(creation, Deadline()).ok());
}

absl::Status BulkPublishContract::Start(PoolStore& store) {
  const Edit start = [](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
    return StartBulkPublish(pool, true, kNow);
  };
  return Update(store, "r:1", std::nullopt, start, Deadline()).status();
}

absl::Status BulkPublishContract::End(BulkJob job) {
  const Edit end = [job](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
    return EndBulkPublish(pool, job, "", kNow);
  };
  return Update(store(), "r:1", std::nullopt, end, Deadline()).status();
}

void BulkPublishContract::Note(int job, const BulkProgress& progress, int seconds) {
  const absl::Status noted = store().NoteBulkProgress("r:1", BulkJob(job), progress,
                                                      kNow + absl::Seconds(seconds), Deadline());
  EXPECT_TRUE(noted.ok()) << noted;
}

BulkProgress BulkPublishContract::Progress() {
  const auto status = replica().GetBulkPublish("r:1", Deadline());
  EXPECT_TRUE(status.ok()) << status.status();
  return status.ok() ? status->progress : BulkProgress{};
}

namespace {

TEST_P(BulkPublishContract, ThereIsNoneAtFirst) {
  const auto status = store().GetBulkPublish("r:1", Deadline());
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->bulk_publish, std::nullopt);
  EXPECT_EQ(status->progress, BulkProgress{});
}

TEST_P(BulkPublishContract, TellsTheLastOneAndItsProgress) {
  ASSERT_TRUE(Start(store()).ok());
  EXPECT_EQ(Progress(), BulkProgress{});
  Note(1, {3, 10, 1, std::int64_t{1} << 40});
  const auto status = store().GetBulkPublish("r:1", Deadline());
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->bulk_publish,
            (BulkPublish{.job = BulkJob(1), .epoch = Epoch(9), .start_time = kNow}));
  EXPECT_EQ(status->progress, (BulkProgress{3, 10, 1, std::int64_t{1} << 40, kNow}));
  ASSERT_TRUE(End(BulkJob(1)).ok());
  EXPECT_EQ(Progress().datasets_done, 3);
}

TEST_P(BulkPublishContract, ProgressAdvancesAsTheRulesSay) {
  ASSERT_TRUE(Start(store()).ok());
  BulkProgress expected;
  int second = 0;
  for (const BulkProgress& reported : std::vector<BulkProgress>{{0, 0, 0, 0},
                                                                {0, 10, 0, 0},
                                                                {5, 10, 1, 500},
                                                                {4, 9, 0, 400},
                                                                {4, 9, 2, 400},
                                                                {4, 9, 2, 501},
                                                                {6, 11, 2, 501},
                                                                {6, 11, 2, 501}}) {
    ++second;
    Note(1, reported, second);
    expected = Advance(expected, reported, kNow + absl::Seconds(second));
    EXPECT_EQ(Progress(), expected) << second;
  }
}

TEST_P(BulkPublishContract, OnlyTheJobThatRunsHasProgress) {
  Note(1, {1, 1, 0, 1});
  EXPECT_EQ(Progress(), BulkProgress{});
  ASSERT_TRUE(Start(store()).ok());
  Note(2, {1, 1, 0, 1});
  EXPECT_EQ(Progress(), BulkProgress{});
  Note(1, {50, 60, 7, 800});
  ASSERT_TRUE(End(BulkJob(1)).ok());
  Note(1, {60, 60, 7, 900}, 1);
  EXPECT_EQ(Progress(), (BulkProgress{50, 60, 7, 800, kNow}));

  ASSERT_TRUE(Start(store()).ok());
  EXPECT_EQ(Progress(), BulkProgress{});
  Note(1, {60, 60, 7, 900}, 2);
  EXPECT_EQ(Progress(), BulkProgress{});
  Note(2, {1, 2, 0, 3}, 3);
  EXPECT_EQ(Progress(), (BulkProgress{1, 2, 0, 3, kNow + absl::Seconds(3)}));
}

TEST_P(BulkPublishContract, BeginningAndEndAreChangesAndProgressIsNone) {
  ASSERT_TRUE(Start(store()).ok());
  const ChangePage begun = Changes(Revision(0));
  EXPECT_TRUE(begun.changes.at(0).pool->bulk_publish->Running());
  const Version version = Get("r:1").version;
  Note(1, {1, 2, 0, 3});
  EXPECT_THAT(Changes(begun.head).changes, IsEmpty());
  EXPECT_EQ(Get("r:1").version, version);
  ASSERT_TRUE(End(BulkJob(1)).ok());
  EXPECT_FALSE(Changes(begun.head).changes.at(0).pool->bulk_publish->Running());
}

TEST_P(BulkPublishContract, UnknownPoolsAreNotFound) {
  Delete("r:1");
  for (const absl::Status& status :
       {store().GetBulkPublish("r:1", Deadline()).status(),
        store().NoteBulkProgress("r:1", BulkJob(1), {1, 1, 1, 1}, kNow, Deadline()),
        store().NoteBulkProgress("r:2", BulkJob(1), {1, 1, 1, 1}, kNow, Deadline())}) {
    EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  }
}

TEST_P(BulkPublishContract, OfStartsAtOnceOneWins) {
  for (int round = 1; round <= 10; ++round) {
    std::atomic<int> won = 0;
    std::vector<std::thread> starts;
    for (int i = 0; i < 8; ++i) {
      starts.emplace_back([&, i] {
        const absl::Status started = Start(i % 2 == 0 ? store() : replica());
        if (started.ok()) {
          ++won;
        } else {
          EXPECT_EQ(errors::ReasonOf(started), errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING);
        }
      });
    }
    for (std::thread& start : starts) start.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(Get("r:1").bulk_publish->job, BulkJob(round));
    ASSERT_TRUE(End(BulkJob(round)).ok());
  }
}

}  // namespace
}  // namespace tidemark::stream_config
