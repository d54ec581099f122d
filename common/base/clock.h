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

// Time since the machine was started, as a time after the epoch, for deadlines and pauses. It never
// jumps, as the wall clock does when it is set, and it goes on while the process is stopped
// (SIGSTOP) or the machine sleeps (CLOCK_BOOTTIME). Alive for the whole process.
const Clock& BoottimeClock();

// Cuts to whole milliseconds, the precision in which Tidemark stores and reports times
// (contract section 1).
absl::Time TruncateToMillis(absl::Time time);

}  // namespace tidemark
