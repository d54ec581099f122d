#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/publisher/domain/delivery_window.h"

namespace tidemark::publisher {

// How much is on its way to one destination, and whether it gets on: shared by who reads the log
// and who delivers. Times are of the boottime clock. Safe for concurrent use.
class OutletLoad {
 public:
  // A change was handed over for delivery.
  void Enter(std::int64_t bytes, const Clock& boottime) {
    if (changes_.fetch_add(1) == 0) Progressed(boottime.Now());
    bytes_ += bytes;
  }
  // Some were delivered, parked or given up.
  void Leave(std::int64_t changes, std::int64_t bytes) {
    changes_ -= changes;
    bytes_ -= bytes;
  }
  void Progressed(absl::Time now) { progress_ = absl::ToUnixNanos(now); }

  // As DeliveryWindow::IsBlocked() is.
  void SetBlocked(bool blocked, absl::Time now) {
    if (!blocked) {
      blocked_since_ = 0;
    } else if (blocked_since_ == 0) {
      blocked_since_ = absl::ToUnixNanos(now);
    }
  }

  std::int64_t changes() const { return changes_; }
  std::int64_t bytes() const { return bytes_; }
  // Whether something has been on its way for `patience` and nothing was settled meanwhile.
  bool Stalled(absl::Time now, absl::Duration patience) const {
    return changes_ > 0 && absl::FromUnixNanos(progress_) + patience < now;
  }
  // And whether changes of other keys would have waited as well for all that time.
  bool StalledAsAWhole(absl::Time now, absl::Duration patience) const {
    const std::int64_t since = blocked_since_;
    return since != 0 && absl::FromUnixNanos(since) + patience < now && Stalled(now, patience);
  }

  // What was dropped when it was split off.
  void SetShed(const DeliveryWindow::Shed& shed) {
    const std::lock_guard lock(mutex_);
    shed_ = shed;
  }
  // Nothing if that was not done yet.
  std::optional<DeliveryWindow::Shed> TakeShed() {
    const std::lock_guard lock(mutex_);
    return std::exchange(shed_, std::nullopt);
  }

  // What of it has not been read for it, while it is split off; and when the next was committed.
  struct Backlog {
    bool split_off = false;
    std::int64_t changes = 0;
    absl::Time oldest_commit = absl::InfiniteFuture();
  };
  void SetBacklog(const Backlog& backlog) {
    const std::lock_guard lock(mutex_);
    backlog_ = backlog;
  }
  Backlog backlog() const {
    const std::lock_guard lock(mutex_);
    return backlog_;
  }

 private:
  std::atomic<std::int64_t> changes_ = 0;
  std::atomic<std::int64_t> bytes_ = 0;
  std::atomic<std::int64_t> progress_ = 0;       // nanoseconds
  std::atomic<std::int64_t> blocked_since_ = 0;  // nanoseconds; 0: it is not

  mutable std::mutex mutex_;
  std::optional<DeliveryWindow::Shed> shed_;
  Backlog backlog_;
};

}  // namespace tidemark::publisher
