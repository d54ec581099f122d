#pragma once

#include <algorithm>
#include <cstddef>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "services/publisher/domain/push.h"

namespace tidemark::publisher {

// How long to wait after the `failures`-th failure in a row (from 1); zero for what is not retried.
absl::Duration PushBackoff(PushEnd end, int failures, Random& random);

// How many pushes of a pool may be in flight: as many as `most` while they succeed. Each failure
// halves that, down to one with a pause after each that fails; each success adds one, so that it
// has doubled once as many were answered. A throttle pauses at once. Pure; for one thread.
class PushPace {
 public:
  explicit PushPace(std::size_t most) : most_(most), limit_(most) {}

  bool Allows(absl::Time now) const { return in_flight_ < limit_ && now >= paused_until_; }
  void Sent() { ++in_flight_; }
  void Answered(PushEnd end, absl::Time now, Random& random);
  // The settings changed: what failed before says nothing.
  void Renew();

  std::size_t in_flight() const { return in_flight_; }
  std::size_t limit() const { return limit_; }
  absl::Time paused_until() const { return paused_until_; }
  // Nothing is to be remembered: all is well, or the last failure was long ago.
  bool AtRest(absl::Time now) const;

 private:
  const std::size_t most_;
  std::size_t limit_;
  std::size_t in_flight_ = 0;
  int failures_ = 0;                             // in a row, that paused
  absl::Time failed_at_ = absl::InfinitePast();  // last
  absl::Time paused_until_ = absl::InfinitePast();
};

}  // namespace tidemark::publisher
