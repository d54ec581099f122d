#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tidemark::testing {

// Calls `condition` every few milliseconds until it holds or `patience` is over; whether it held.
template <typename Condition>
bool Eventually(const Condition& condition, absl::Duration patience = absl::Seconds(20)) {
  const absl::Time until = absl::Now() + patience;
  while (!condition()) {
    if (absl::Now() > until) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

}  // namespace tidemark::testing
