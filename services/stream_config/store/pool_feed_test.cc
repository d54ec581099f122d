#include "services/stream_config/store/pool_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/testing/eventually.h"
#include "services/stream_config/store/memory_store.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kPatience = absl::Seconds(20);

// What a watcher was told, for tests to wait on.
class Told {
 public:
  // Pools by id, once the list is done.
  std::map<std::string, std::string> Names() const {
    const std::lock_guard lock(mutex_);
    return names_;
  }

  // Waits until `condition` holds of the state; whether it came to.
  template <typename Condition>
  bool Until(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoNanoseconds(kPatience),
                             [&] { return condition(*this); });
  }
  bool UntilListed() {
    return Until([](const Told& told) { return told.listed_; });
  }
  bool UntilNamed(const std::string& id, const std::string& name) {
    return Until([&](const Told& told) {
      const auto found = told.names_.find(id);
      return found != told.names_.end() && found->second == name;
    });
  }
  bool UntilGone(const std::string& id) {
    return Until([&](const Told& told) { return !told.names_.contains(id); });
  }
  bool UntilEnded() {
    return Until([](const Told& told) { return !told.end_.ok(); });
  }

  absl::Status end() const {
    const std::lock_guard lock(mutex_);
    return end_;
  }
  int batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

  // Takes no more than so many batches until told otherwise.
  void SetRoom(int room) {
    const std::lock_guard lock(mutex_);
    room_ = room;
  }
  void Leave() { gone_ = true; }
  bool gone() const { return gone_; }

  PoolFeed::Watcher::Took Take(const PoolBatch& batch) {
    const std::lock_guard lock(mutex_);
    if (room_ == 0) return PoolFeed::Watcher::Took::kFull;
    --room_;
    ++batches_;
    for (const auto& pool : batch.pools) names_[pool->id] = pool->settings.display_name;
    for (const std::string& id : batch.deleted) names_.erase(id);
    listed_ |= batch.list_done;
    changed_.notify_all();
    return PoolFeed::Watcher::Took::kYes;
  }
  void Finish(const absl::Status& status) {
    const std::lock_guard lock(mutex_);
    end_ = status;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> names_;
  bool listed_ = false;
  absl::Status end_;
  int batches_ = 0;
  int room_ = 1'000'000;
  std::atomic<bool> gone_ = false;
};

class TestWatcher final : public PoolFeed::Watcher {
 public:
  explicit TestWatcher(std::shared_ptr<Told> told) : told_(std::move(told)) {}

  Took Offer(const PoolBatch& batch) override { return told_->Take(batch); }
  bool Gone() const override { return told_->gone(); }
  void End(const absl::Status& status) override { told_->Finish(status); }

 private:
  const std::shared_ptr<Told> told_;
};

// A store whose feed can be cut, and which can be put back to an older state.
class FaultyStore final : public PoolStore {
 public:
  absl::StatusOr<Pool> Create(const Creation& creation, absl::Time deadline) override {
    return current()->Create(creation, deadline);
  }
  absl::StatusOr<Pool> Get(std::string_view pool_id, absl::Time deadline) override {
    return current()->Get(pool_id, deadline);
  }
  absl::StatusOr<std::vector<Pool>> List(std::string_view, std::int32_t, absl::Time) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<Pool> Replace(const Pool& pool, absl::Time deadline) override {
    return current()->Replace(pool, deadline);
  }
  absl::StatusOr<std::optional<Pool>> FindRepeat(const Creation&, absl::Time) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<BulkPublishStatus> GetBulkPublish(std::string_view, absl::Time) override {
    return absl::UnimplementedError("");
  }
  absl::Status NoteBulkProgress(std::string_view, BulkJob, const BulkProgress&, absl::Time,
                                absl::Time) override {
    return absl::UnimplementedError("");
  }
  absl::Status Delete(std::string_view pool_id, std::optional<Version> expected, absl::Time now,
                      absl::Time deadline) override {
    return current()->Delete(pool_id, expected, now, deadline);
  }
  absl::StatusOr<std::vector<std::string>> ListUnpurged(absl::Time, std::int32_t,
                                                        absl::Time) override {
    return absl::UnimplementedError("");
  }
  absl::Status MarkPurged(std::string_view, absl::Time, absl::Time) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<ChangePage> ChangesSince(Revision after, std::int32_t limit,
                                          absl::Time deadline) override {
    if (down) return absl::UnavailableError("down");
    return current()->ChangesSince(after, limit, deadline);
  }

  // The database put back: another one, with a history of its own.
  void Restore(std::shared_ptr<MemoryStore> older) {
    const std::lock_guard lock(mutex_);
    store_ = std::move(older);
  }

  std::atomic<bool> down = false;

 private:
  std::shared_ptr<MemoryStore> current() {
    const std::lock_guard lock(mutex_);
    return store_;
  }

  std::mutex mutex_;
  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
};

absl::Time Deadline() { return absl::Now() + kPatience; }

void Create(PoolStore& store, const std::string& id) {
  ASSERT_TRUE(store.Create({.pool = {.id = id}}, Deadline()).ok());
}

void Rename(PoolStore& store, const std::string& id, const std::string& name) {
  const Edit rename = [&name](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
    Pool changed = pool;
    changed.settings.display_name = name;
    return changed;
  };
  ASSERT_TRUE(Update(store, id, std::nullopt, rename, Deadline()).ok());
}

class PoolFeedTest : public ::testing::Test {
 protected:
  static PoolFeed::Options Quick() {
    return {.poll_interval = absl::Milliseconds(1), .retry_interval = absl::Milliseconds(1)};
  }

  PoolFeed& Start(const PoolFeed::Options& options) {
    feed_ = std::make_unique<PoolFeed>(store_, options, registry_);
    EXPECT_TRUE(testing::Eventually([this] { return feed_->Ready().ok(); }));
    return *feed_;
  }

  std::shared_ptr<Told> Watch() {
    auto told = std::make_shared<Told>();
    feed_->Watch(std::make_unique<TestWatcher>(told));
    return told;
  }

  double Metric(const std::string& name) {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.name == name) return family.metric.at(0).gauge.value;
    }
    return -1;
  }

  FaultyStore store_;
  prometheus::Registry registry_;
  std::unique_ptr<PoolFeed> feed_;
};

TEST_F(PoolFeedTest, TellsAllPoolsAndThenEveryChange) {
  Create(store_, "a");
  Create(store_, "b");
  Start(Quick());
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  EXPECT_THAT(told->Names(), SizeIs(2));
  Rename(store_, "a", "new");
  EXPECT_TRUE(told->UntilNamed("a", "new"));
  ASSERT_TRUE(store_.Delete("b", std::nullopt, absl::Now(), Deadline()).ok());
  EXPECT_TRUE(told->UntilGone("b"));
}

TEST_F(PoolFeedTest, WithoutPoolsTheListIsDoneAtOnce) {
  Start(Quick());
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  EXPECT_THAT(told->Names(), IsEmpty());
}

TEST_F(PoolFeedTest, ReadsManyPagesBeforeItIsReady) {
  for (int i = 0; i < 50; ++i) Create(store_, absl::StrCat("p", i));
  PoolFeed::Options options = Quick();
  options.read_limit = 7;
  options.batch_limit = 3;
  Start(options);
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  EXPECT_THAT(told->Names(), SizeIs(50));
}

TEST_F(PoolFeedTest, RefreshReadsWithoutWaitingForThePoll) {
  PoolFeed::Options options = Quick();
  options.poll_interval = absl::Hours(1);
  PoolFeed& feed = Start(options);
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  Create(store_, "a");
  feed.Refresh();
  EXPECT_TRUE(told->UntilNamed("a", ""));
}

// Else a watcher that comes from a replica that knew more would be told that pools are gone.
TEST_F(PoolFeedTest, TheListIsNoOlderThanTheWatch) {
  PoolFeed::Options options = Quick();
  options.poll_interval = absl::Hours(1);
  Start(options);
  for (int i = 0; i < 100; ++i) {
    const std::string id = absl::StrCat("p", i);
    Create(store_, id);
    const auto told = Watch();
    ASSERT_TRUE(told->UntilListed());
    EXPECT_TRUE(told->Names().contains(id));
  }
}

TEST_F(PoolFeedTest, IsNotReadyBeforeTheFirstReadAndTellsSo) {
  store_.down = true;
  feed_ = std::make_unique<PoolFeed>(store_, Quick(), registry_);
  EXPECT_EQ(errors::ReasonOf(feed_->Ready()), errors::v1::ERROR_REASON_NOT_READY);
  const auto told = Watch();
  EXPECT_EQ(errors::ReasonOf(told->end()), errors::v1::ERROR_REASON_NOT_READY);
  store_.down = false;
  EXPECT_TRUE(testing::Eventually([this] { return feed_->Ready().ok(); }));
}

TEST_F(PoolFeedTest, WhileTheStoreIsAwayWatchersKeepWhatTheyKnowAndGoOnAfterwards) {
  Create(store_, "a");
  Start(Quick());
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  store_.down = true;
  Rename(store_, "a", "meanwhile");
  ASSERT_TRUE(Watch()->UntilEnded());  // a read has failed
  EXPECT_TRUE(told->end().ok());
  EXPECT_TRUE(feed_->Ready().ok());
  store_.down = false;
  EXPECT_TRUE(told->UntilNamed("a", "meanwhile"));
}

// It may come from a replica that told it more.
TEST_F(PoolFeedTest, NobodyIsToldAListThatCouldNotBeReadAnew) {
  Start(Quick());
  store_.down = true;
  Create(store_, "a");
  const auto told = Watch();
  ASSERT_TRUE(told->UntilEnded());
  EXPECT_EQ(errors::ReasonOf(told->end()), errors::v1::ERROR_REASON_NOT_READY);
  EXPECT_EQ(told->batches(), 0);
}

TEST_F(PoolFeedTest, ASlowWatcherHoldsUpNobodyAndSkipsWhatWasOvertaken) {
  Create(store_, "a");
  Start(Quick());
  const auto slow = Watch();
  const auto quick = Watch();
  ASSERT_TRUE(slow->UntilListed());
  slow->SetRoom(0);
  for (int i = 0; i < 100; ++i) Rename(store_, "a", absl::StrCat(i));
  EXPECT_TRUE(quick->UntilNamed("a", "99"));
  const int before = slow->batches();
  slow->SetRoom(1);
  EXPECT_TRUE(slow->UntilNamed("a", "99"));
  EXPECT_EQ(slow->batches(), before + 1);
}

TEST_F(PoolFeedTest, AWatcherThatMissedAForgottenDeletionHasToBeginAgain) {
  for (const char* id : {"a", "b", "c"}) Create(store_, id);
  PoolFeed::Options options = Quick();
  options.max_deleted = 1;
  Start(options);
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  told->SetRoom(0);
  ASSERT_TRUE(store_.Delete("a", std::nullopt, absl::Now(), Deadline()).ok());
  ASSERT_TRUE(store_.Delete("b", std::nullopt, absl::Now(), Deadline()).ok());
  ASSERT_TRUE(told->UntilEnded());
  EXPECT_EQ(errors::ReasonOf(told->end()), errors::v1::ERROR_REASON_NOT_READY);
  const auto again = Watch();
  ASSERT_TRUE(again->UntilListed());
  EXPECT_THAT(again->Names(), ElementsAre(std::pair("c", "")));
}

TEST_F(PoolFeedTest, ADatabasePutBackToAnOlderStateIsReadAnew) {
  Create(store_, "a");
  Create(store_, "b");
  Start(Quick());
  const auto told = Watch();
  ASSERT_TRUE(told->UntilListed());
  auto older = std::make_shared<MemoryStore>();
  Create(*older, "a");
  store_.Restore(older);
  ASSERT_TRUE(told->UntilEnded());
  ASSERT_TRUE(testing::Eventually([this] { return feed_->Ready().ok(); }));
  const auto again = Watch();
  ASSERT_TRUE(again->UntilListed());
  EXPECT_THAT(again->Names(), ElementsAre(std::pair("a", "")));
}

TEST_F(PoolFeedTest, ForgetsWatchersThatHaveGone) {
  Start(Quick());
  const auto told = Watch();
  const auto other = Watch();
  EXPECT_TRUE(
      testing::Eventually([this] { return Metric("tidemark_stream_config_watchers") == 2; }));
  told->Leave();
  EXPECT_TRUE(
      testing::Eventually([this] { return Metric("tidemark_stream_config_watchers") == 1; }));
}

TEST_F(PoolFeedTest, ItsEndEndsItsWatchers) {
  Start(Quick());
  const auto told = Watch();
  feed_.reset();
  EXPECT_EQ(errors::ReasonOf(told->end()), errors::v1::ERROR_REASON_NOT_READY);
}

TEST_F(PoolFeedTest, HundredsOfWatchersAllComeToKnowTheSame) {
  PoolFeed& feed = Start(Quick());
  std::vector<std::shared_ptr<Told>> watchers;
  for (int i = 0; i < 300; ++i) {
    if (i % 30 == 0) Create(store_, absl::StrCat("p", i));
    watchers.push_back(Watch());
  }
  Create(store_, "last");
  feed.Refresh();
  for (const auto& told : watchers) {
    ASSERT_TRUE(told->UntilNamed("last", ""));
    EXPECT_THAT(told->Names(), SizeIs(11));
  }
}

}  // namespace
}  // namespace tidemark::stream_config
