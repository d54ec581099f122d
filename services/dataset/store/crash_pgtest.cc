// PostgreSQL is killed in the middle of a storm: every acknowledged update is there, once.
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/pg/migrate.h"
#include "common/testing/eventually.h"
#include "common/testing/private_postgres.h"
#include "services/dataset/store/postgres_update_store.h"
#include "services/dataset/store/testing/postgres_consistency.h"
#include "services/dataset/store/testing/requests.h"
#include "tidemark/dataset/migrations.h"

namespace tidemark::dataset {
namespace {

using ::testing::IsEmpty;

constexpr int kWriters = 4;

DatasetKey DatasetOf(int writer, int number) {
  return {IdentityKey::Of("us-east-1:0a", absl::StrCat("us-east-1:", writer)),
          absl::StrCat("d", number)};
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() {
    options_.dsn = server_.dsn();
    const auto applied = pg::Migrate(options_, Migrations(), InSeconds(60));
    EXPECT_TRUE(applied.ok()) << applied.status();
  }

  // Raises the counts of some datasets by one and by one, until told to stop. What was not
  // acknowledged is asked for again under the same id, as a device would.
  void Write(int writer) {
    PostgresUpdateStore store(options_);
    std::vector<UpdateRequest> batch;
    for (int d = 0; d < 5; ++d) {
      batch.push_back(UpdateOf(DatasetOf(writer, d), {Put("k", SyncCount(0))}));
    }
    while (!stop_) {
      const std::vector<UpdateOutcome> outcomes = ApplyAll(store, batch, InSeconds(10));
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto* applied = std::get_if<Applied>(&outcomes[i]);
        if (applied == nullptr) {
          EXPECT_EQ(errors::ReasonOf(ToStatus(outcomes[i])),
                    errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE)
              << ToStatus(outcomes[i]);
          continue;
        }
        const std::lock_guard lock(mutex_);
        EXPECT_EQ(applied->sync_count.value(), ++acknowledged_[batch[i].dataset]);
        batch[i] = UpdateOf(batch[i].dataset, {Put("k", applied->sync_count)});
      }
    }
  }

  std::int64_t Acknowledged() {
    const std::lock_guard lock(mutex_);
    std::int64_t sum = 0;
    for (const auto& [dataset, count] : acknowledged_) sum += count;
    return sum;
  }

  testing::PrivatePostgres server_;
  pg::ConnectOptions options_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::map<DatasetKey, std::int64_t> acknowledged_;  // the last count
};

TEST_F(CrashTest, EveryAcknowledgedUpdateOutlivesTheDatabaseOnce) {
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) writers.emplace_back([this, w] { Write(w); });
  for (int crash = 0; crash < 3; ++crash) {
    const std::int64_t before = Acknowledged();
    EXPECT_TRUE(testing::Eventually([&] { return Acknowledged() >= before + 300; }));
    server_.Kill9();
    server_.Start();
  }
  const std::int64_t before = Acknowledged();
  EXPECT_TRUE(testing::Eventually([&] { return Acknowledged() >= before + 300; }));
  stop_ = true;
  for (std::thread& writer : writers) writer.join();

  auto connection = pg::Connection::Open(options_);
  ASSERT_TRUE(connection.ok()) << connection.status();
  const auto faults = FindInconsistencies(*connection);
  ASSERT_TRUE(faults.ok()) << faults.status();
  EXPECT_THAT(*faults, IsEmpty());
  std::map<DatasetKey, std::int64_t> logged;  // the last count
  const auto log = ReadChangeLog(*connection);
  ASSERT_TRUE(log.ok()) << log.status();
  for (const LoggedChange& change : *log) {
    logged[change.dataset] = change.sync_count.value();
  }
  // The last request of each writer may have been committed unacknowledged.
  for (const auto& [dataset, count] : acknowledged_) {
    EXPECT_GE(logged[dataset], count);
    EXPECT_LE(logged[dataset], count + 1);
  }
}

}  // namespace
}  // namespace tidemark::dataset
