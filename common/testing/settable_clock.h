#pragma once

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace tidemark::testing {

// 2026-01-01T00:00:00Z, and what passed since by the test's word. For one thread.
class SettableClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1767225600) + passed; }

  absl::Duration passed = absl::ZeroDuration();
};

}  // namespace tidemark::testing
