#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/pg/lane_errors.h"
#include "common/pg/lane_queue.h"

namespace tidemark::pg {

// A lane: one thread that runs jobs in batches, for the one thing that it alone uses, such as a
// store with one connection. While a batch is in flight the next one gathers by itself; a lane that
// is idle takes a job at once. Submit may be called by any thread.
//
// Jobs of a key run in the order of their submission; for the rest see LaneQueue. Every job that
// was taken comes to exactly one of `run` and `drop`, both on the lane's thread.
template <typename Job>
class Lane {
 public:
  // Runs a batch, never empty. Moves out of the jobs as it likes.
  using Run = std::function<void(std::vector<Job>& batch)>;
  // Receives a job that is not run, and why: DEADLINE_EXCEEDED if its deadline passed while it
  // waited, UNAVAILABLE with NOT_READY if the lane was drained before its turn.
  using Drop = std::function<void(Job& job, const absl::Status& why)>;

  // `clock` must outlive the lane.
  Lane(const LaneLimits& limits, const Clock& clock, Run run, Drop drop)
      : clock_(clock), run_(std::move(run)), drop_(std::move(drop)), queue_(limits) {
    thread_ = std::thread([this] { Loop(); });
  }

  // As Drain without a deadline.
  ~Lane() { Drain(absl::InfiniteFuture()); }

  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Takes `job`. RESOURCE_EXHAUSTED with QUEUE_FULL if the queue, or its pool's part of it, is
  // full; UNAVAILABLE with NOT_READY if the lane is being drained. Then `job` is as it was.
  absl::Status Submit(LaneTicket ticket, Job&& job) {
    {
      const std::lock_guard lock(mutex_);
      if (draining_) return LaneStopping();
      if (!queue_.Push(std::move(ticket), job)) return LaneFull();
    }
    changed_.notify_one();
    return absl::OkStatus();
  }

  // Jobs that wait.
  std::size_t queued() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

  // Takes no more jobs, finishes those it has, and ends the thread. At `deadline` the jobs that
  // still wait are dropped; the batch in flight is waited for in any case. For one thread, not the
  // lane's own; may be called again.
  void Drain(absl::Time deadline) {
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
      drain_deadline_ = deadline;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Loop() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return queue_.size() > 0 || draining_; });
      if (queue_.size() == 0) return;
      std::vector<Job> batch, expired, stopped;
      if (draining_ && clock_.Now() >= drain_deadline_) {
        queue_.TakeAll(stopped);
      } else {
        queue_.Take(clock_.Now(), batch, expired);
      }
      lock.unlock();
      for (Job& job : stopped) drop_(job, LaneStopping());
      for (Job& job : expired) drop_(job, LaneDeadlinePassed());
      if (!batch.empty()) run_(batch);
      lock.lock();
    }
  }

  const Clock& clock_;
  const Run run_;
  const Drop drop_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  LaneQueue<Job> queue_;
  bool draining_ = false;
  absl::Time drain_deadline_;

  std::thread thread_;
};

}  // namespace tidemark::pg
