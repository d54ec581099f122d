#pragma once

#include "absl/time/time.h"

namespace tidemark {

// Where the time comes from. Rules take a Clock, or the time itself, so that tests need not wait.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The system's wall clock, alive for the whole process.
const Clock& SystemClock();

// Cuts to whole milliseconds, the precision in which Tidemark stores and reports times
// (contract section 1).
absl::Time TruncateToMillis(absl::Time time);

}  // namespace tidemark
