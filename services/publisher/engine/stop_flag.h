#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace tidemark::publisher {

// Ends the waits of a thread that is to stop. Safe for concurrent use.
class StopFlag {
 public:
  void Set() {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_all();
  }

  // Waits for `duration`, or until it is set. Whether it is set.
  bool WaitFor(absl::Duration duration) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoMicroseconds(duration), [this] { return set_; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool set_ = false;
};

}  // namespace tidemark::publisher
