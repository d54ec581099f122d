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

  // The leases hold for `ttl` after a call that was begun at `asked`. They are acted on for a tenth
  // less: what is under way then comes to its end.
  void Extend(absl::Time asked, absl::Duration ttl) {
    until_ = absl::ToUnixNanos(asked + ttl - ttl / 10);
  }
  void Drop() { until_ = 0; }

  // Who may not act asks again after this time.
  static constexpr absl::Duration kAskAgain = absl::Milliseconds(20);
  // Ask before each send.
  bool Held() const { return absl::ToUnixNanos(clock_.Now()) < until_; }

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> until_ = 0;  // nanoseconds
};

}  // namespace tidemark::publisher
