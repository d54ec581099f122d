#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace tidemark::publisher {

// Until when this process may act as holder of the leases, by a boottime clock. Safe for concurrent
// use.
class LeaseGuard {
 public:
  // `clock` outlives the guard. Nothing is held at first.
  explicit LeaseGuard(const Clock& clock) : clock_(clock) {}

  void Extend(absl::Time until) { until_ = absl::ToUnixNanos(until); }
  void Drop() { until_ = 0; }

  // Ask before each send.
  bool Held() const { return absl::ToUnixNanos(clock_.Now()) < until_; }

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> until_ = 0;  // nanoseconds
};

}  // namespace tidemark::publisher
