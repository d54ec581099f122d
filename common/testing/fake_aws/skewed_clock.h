#pragma once

#include <mutex>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace tidemark::fake_aws {

// Another clock, and how far this one is ahead of it. Safe for concurrent use.
class SkewedClock final : public Clock {
 public:
  // `base` must outlive this.
  explicit SkewedClock(const Clock& base) : base_(base) {}

  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return base_.Now() + skew_;
  }

  void SetSkew(absl::Duration skew) {
    const std::lock_guard lock(mutex_);
    skew_ = skew;
  }

 private:
  const Clock& base_;
  mutable std::mutex mutex_;
  absl::Duration skew_;  // guarded by mutex_
};

}  // namespace tidemark::fake_aws
