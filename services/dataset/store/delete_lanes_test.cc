#include "services/dataset/store/delete_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "common/errors/error.h"

namespace tidemark::dataset {
namespace {

using ::testing::ElementsAre;

// Notes whose deletions run, and holds the first until it is opened.
class GatedStore {
 public:
  absl::StatusOr<DeleteOutcome> Delete(const DeleteRequest& request, absl::Time) {
    std::unique_lock lock(mutex_);
    ran_.push_back(request.dataset.identity.pool_id + request.dataset.name);
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return DeleteOutcome{};
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void AwaitFirst() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ran_.empty(); });
  }
  std::vector<std::string> ran() {
    const std::lock_guard lock(mutex_);
    return ran_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::vector<std::string> ran_;
};

DeleteRequest Deletion(const std::string& pool, const std::string& name) {
  DeleteRequest request;
  request.dataset = {IdentityKey::Of(pool, "r:1"), name};
  return request;
}

TEST(DeleteLanesTest, APoolWhoseDeletionIsStuckDelaysAnotherByATurnAtMost) {
  GatedStore store;
  {
    DeleteLanes lanes({[&store](const auto& request, absl::Time deadline) {
                        return store.Delete(request, deadline);
                      }},
                      {}, SystemClock());
    const auto submit = [&lanes](const char* pool, const char* name) {
      lanes.Submit(Deletion(pool, name), absl::InfiniteFuture(),
                   [](const auto& outcome) { EXPECT_TRUE(outcome.ok()); });
    };
    submit("A", "1");
    store.AwaitFirst();
    for (const char* name : {"2", "3", "4"}) submit("A", name);
    submit("B", "1");
    store.Open();
  }
  EXPECT_THAT(store.ran(), ElementsAre("A1", "A2", "B1", "A3", "A4"));
}

TEST(DeleteLanesTest, APoolFillsNoMoreThanItsPartOfTheQueue) {
  GatedStore store;
  absl::Status refused;
  {
    DeleteLanes lanes({[&store](const auto& request, absl::Time deadline) {
                        return store.Delete(request, deadline);
                      }},
                      {.queued_per_pool = 1}, SystemClock());
    lanes.Submit(Deletion("A", "1"), absl::InfiniteFuture(), [](const auto&) {});
    store.AwaitFirst();
    lanes.Submit(Deletion("A", "2"), absl::InfiniteFuture(), [](const auto&) {});
    lanes.Submit(Deletion("A", "3"), absl::InfiniteFuture(),
                 [&refused](const auto& outcome) { refused = outcome.status(); });
    lanes.Submit(Deletion("B", "1"), absl::InfiniteFuture(),
                 [](const auto& outcome) { EXPECT_TRUE(outcome.ok()); });
    store.Open();
  }
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_QUEUE_FULL);
  EXPECT_THAT(store.ran(), ElementsAre("A1", "A2", "B1"));
}

}  // namespace
}  // namespace tidemark::dataset
