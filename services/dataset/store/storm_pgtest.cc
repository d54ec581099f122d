// Many at once: counts stay without gaps, limits hold, nothing deadlocks, and in the end everything
// agrees.
#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/dataset/store/testing/postgres_consistency.h"
#include "services/dataset/store/testing/postgres_fixture.h"
#include "services/dataset/store/testing/requests.h"
#include "tidemark/dataset/migrations.h"

namespace tidemark::dataset {
namespace {

using ::testing::IsEmpty;

const char* const kPool = "us-east-1:0a";

IdentityKey IdentityOf(int i) { return IdentityKey::Of(kPool, absl::StrCat("us-east-1:", i)); }

// Runs `work(thread number)` on some threads at once.
template <typename Work>
void InParallel(int threads, const Work& work) {
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) running.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : running) thread.join();
}

// A database of its own, whose sessions do not wait for the disk: nothing crashes here.
class StormTest : public ::testing::Test {
 protected:
  StormTest() : options_(ServiceOptions(*database_)) {
    options_.settings = {{"synchronous_commit", "off"}};
  }

  // For each dataset, the counts that were acknowledged; each must be the only one of its kind.
  void Acknowledge(const DatasetKey& dataset, SyncCount count,
                   std::optional<Generation> seen = std::nullopt) {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(acknowledged_.insert({dataset, count}).second)
        << "count " << count << " was given twice";
    if (seen) triggered_[{dataset, count}] = *seen;
  }

  void ExpectAllIsWell() {
    EXPECT_THAT(Inconsistencies(*database_), IsEmpty());
    pg::Connection connection = database_->Connect();
    const auto log = ReadChangeLog(connection);
    ASSERT_TRUE(log.ok()) << log.status();
    std::set<std::pair<DatasetKey, SyncCount>> logged;
    for (const LoggedChange& change : *log) {
      logged.insert({change.dataset, change.sync_count});
    }
    EXPECT_TRUE(std::ranges::includes(logged, acknowledged_));
    ExpectTriggersSawTheirLife(*log);
    const auto deadlocks = connection.RunOnce(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", pg::Params(),
        InSeconds(30));
    ASSERT_TRUE(deadlocks.ok());
    EXPECT_EQ(std::get<0>(*deadlocks->ParseOnly<std::int64_t>()), 0);
  }

  // Each change of a sync trigger is of the life that it saw; if it saw none, it began one.
  void ExpectTriggersSawTheirLife(const std::vector<LoggedChange>& log) {
    std::map<DatasetKey, Generation> lives;  // of the change before
    for (const LoggedChange& change : log) {
      const auto before = std::exchange(lives[change.dataset], change.generation);
      const auto triggered = triggered_.find({change.dataset, change.sync_count});
      if (triggered == triggered_.end()) continue;
      const bool begun = before != change.generation;
      EXPECT_EQ(triggered->second, begun ? Generation(0) : change.generation);
    }
  }

  const std::unique_ptr<testing::TestDatabase> database_ =
      testing::TestDatabase::Create({&Migrations()});
  pg::ConnectOptions options_;
  std::mutex mutex_;
  std::set<std::pair<DatasetKey, SyncCount>> acknowledged_;
  std::map<std::pair<DatasetKey, SyncCount>, Generation> triggered_;  // what each of these saw
};

TEST_F(StormTest, OfManyWritersOfOneRecordExactlyOneWinsEachCount) {
  const DatasetKey dataset{IdentityOf(0), "prefs"};
  constexpr std::int64_t kCounts = 150;
  InParallel(6, [&](int) {
    PostgresUpdateStore store(options_);
    SyncCount known;
    while (known.value() < kCounts) {
      const UpdateOutcome outcome = Apply(store, UpdateOf(dataset, {Put("k", known)}));
      if (const auto* applied = std::get_if<Applied>(&outcome)) {
        EXPECT_EQ(applied->sync_count.value(), known.value() + 1);
        Acknowledge(dataset, applied->sync_count);
        known = applied->sync_count;
      } else {
        ASSERT_TRUE(std::holds_alternative<Conflict>(outcome)) << ToStatus(outcome);
        known = std::get<Conflict>(outcome).keys.front().current;
      }
    }
  });
  EXPECT_GE(acknowledged_.size(), static_cast<std::size_t>(kCounts));
  ExpectAllIsWell();
}

TEST_F(StormTest, TwoReplicasThatCreate21DatasetsAtOnceCreate20) {
  constexpr int kIdentities = 10;
  for (int i = 0; i < kIdentities; ++i) {
    InParallel(2, [&](int replica) {
      PostgresUpdateStore store(options_);
      std::vector<UpdateRequest> requests;
      for (int d = 0; d < 21; ++d) {
        // Some datasets are created by both, in one batch or one by one.
        const int number = replica == 0 ? d : 10 + d;
        requests.push_back(
            UpdateOf({IdentityOf(i), absl::StrCat("d", number)}, {Put("k", SyncCount(0))}));
      }
      std::vector<UpdateOutcome> outcomes;
      if (i % 2 == 0) {
        outcomes = ApplyAll(store, requests);
      } else {
        for (const UpdateRequest& request : requests) outcomes.push_back(Apply(store, request));
      }
      for (std::size_t n = 0; n < outcomes.size(); ++n) {
        if (const auto* applied = std::get_if<Applied>(&outcomes[n])) {
          Acknowledge(requests[n].dataset, applied->sync_count);
        } else {
          EXPECT_TRUE(std::holds_alternative<LimitBreach>(outcomes[n]) ||
                      std::holds_alternative<Conflict>(outcomes[n]))
              << ToStatus(outcomes[n]);
        }
      }
    });
  }
  EXPECT_EQ(acknowledged_.size(), 20U * kIdentities);
  ExpectAllIsWell();
}

// A change that was acknowledged, and of a sync trigger's the life that it saw.
struct Acknowledged {
  DatasetKey dataset;
  SyncCount count;
  std::optional<Generation> seen;
};

// Devices that update, delete, merge and erase the same few datasets, partly through sync triggers.
class Device {
 public:
  Device(const pg::ConnectOptions& options, int seed)
      : updates_(options),
        reads_(options, 1),
        admin_(options),
        random_(static_cast<std::uint32_t>(seed)) {}

  std::vector<Acknowledged> Act() {
    switch (Pick(12)) {
      case 0:
        return Delete();
      case 1:
        return Merge();
      case 2:
        if (Pick(8) == 0) return Erase();
        [[fallthrough]];
      default:
        return Update();
    }
  }

 private:
  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  DatasetKey AnyDataset() { return {IdentityOf(Pick(3)), absl::StrCat("d", Pick(5))}; }

  // The life of a dataset that a function would see now.
  Generation LifeOf(const DatasetKey& dataset) {
    std::promise<Generation> promise;
    reads_.View({dataset, FreshIdentity(), 1 << 20}, InSeconds(30),
                [&promise](const absl::StatusOr<DatasetView>& view) {
                  EXPECT_TRUE(view.ok()) << view.status();
                  promise.set_value(view.ok() ? view->generation : Generation(0));
                });
    return promise.get_future().get();
  }

  std::vector<Acknowledged> Update() {
    std::map<DatasetKey, UpdateRequest> requests;
    for (int i = Pick(4) == 0 ? 1 : 1 + Pick(8); i > 0; --i) {
      const DatasetKey dataset = AnyDataset();
      const std::string key = absl::StrCat("k", Pick(3));
      requests.insert_or_assign(dataset,
                                UpdateOf(dataset, {Put(key, known_[{dataset, key}], "value")}));
    }
    std::vector<UpdateRequest> batch;
    for (auto& [dataset, request] : requests) {
      if (Pick(3) == 0) request.seen_generation = LifeOf(dataset);
      batch.push_back(std::move(request));
    }
    std::shuffle(batch.begin(), batch.end(), random_);
    const std::vector<UpdateOutcome> outcomes = ApplyAll(updates_, batch);
    std::vector<Acknowledged> acknowledged;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      SyncCount& known = known_[{batch[i].dataset, batch[i].patches.front().key}];
      if (const auto* applied = std::get_if<Applied>(&outcomes[i])) {
        known = applied->sync_count;
        acknowledged.push_back({batch[i].dataset, applied->sync_count, batch[i].seen_generation});
      } else if (const auto* conflict = std::get_if<Conflict>(&outcomes[i])) {
        known = conflict->keys.front().current;
      } else {
        EXPECT_TRUE(std::holds_alternative<LimitBreach>(outcomes[i])) << ToStatus(outcomes[i]);
      }
    }
    return acknowledged;
  }

  std::vector<Acknowledged> Delete() {
    const DatasetKey dataset = AnyDataset();
    const auto outcome = admin_.Delete(DeleteOf(dataset), InSeconds(30));
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok() || outcome->kind != DeleteOutcome::Kind::kDeleted) return {};
    return {{dataset, outcome->dataset.sync_count, std::nullopt}};
  }

  std::vector<Acknowledged> Merge() {
    const int winner = Pick(3);
    const auto copies = admin_.Merge({.winner = IdentityOf(winner),
                                      .loser = IdentityOf((winner + 1 + Pick(2)) % 3),
                                      .pool_number = PoolNumber(7),
                                      .limits = {},
                                      .origin = {}},
                                     InSeconds(30));
    if (!copies.ok()) {
      EXPECT_EQ(copies.status().code(), absl::StatusCode::kFailedPrecondition) << copies.status();
      return {};
    }
    std::vector<Acknowledged> acknowledged;
    for (const DatasetInfo& copy : *copies) {
      acknowledged.push_back({copy.key, copy.sync_count, std::nullopt});
    }
    return acknowledged;
  }

  // Counts begin anew: what was acknowledged before is no longer the only one of its kind.
  std::vector<Acknowledged> Erase() {
    const auto erased = admin_.Erase(
        {.identity = IdentityOf(2), .pool_number = PoolNumber(7), .origin = {}}, InSeconds(30));
    EXPECT_TRUE(erased.ok()) << erased.status();
    return {};
  }

  PostgresUpdateStore updates_;
  PostgresReadStore reads_;
  PostgresAdminStore admin_;
  std::mt19937 random_;
  std::map<std::pair<DatasetKey, std::string>, SyncCount> known_;
};

TEST_F(StormTest, UpdatesDeletionsMergesAndErasuresNeitherDeadlockNorLoseAnything) {
  constexpr int kActions = 250;
  std::atomic<int> running = 5;
  InParallel(6, [&](int thread) {
    if (thread == 5) {  // upkeep beside all that
      PostgresUpkeep upkeep(options_, {});
      while (running > 0) {
        UpkeepReport report;
        const absl::Status status = upkeep.Pass(InSeconds(30), report);
        EXPECT_TRUE(status.ok()) << status;
      }
      return;
    }
    Device device(options_, thread);
    for (int i = 0; i < kActions; ++i) {
      for (const auto& [dataset, count, seen] : device.Act()) {
        if (dataset.identity == IdentityOf(2)) continue;  // the one that is erased
        Acknowledge(dataset, count, seen);
      }
    }
    --running;
  });
  PostgresUpkeep upkeep(options_, {});
  Settle(upkeep);
  EXPECT_GT(acknowledged_.size(), 100U);
  EXPECT_GT(triggered_.size(), 20U);
  ExpectAllIsWell();
}

}  // namespace
}  // namespace tidemark::dataset
