#pragma once

#include <prometheus/registry.h>

#include <array>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tidemark::dataset {

// What sync triggers count. Safe for concurrent use.
class TriggerMetrics {
 public:
  explicit TriggerMetrics(prometheus::Registry& registry);

  // A function is running, or no longer.
  void Began();
  void Ended(absl::Duration took);
  // What became of it: OK, or an error of trigger_errors.h.
  void Outcome(const absl::Status& status);
  // An update found no place in the bulkhead.
  void Refused();

 private:
  enum Label { kAnswered, kFailed, kTimedOut, kThrottled, kRefused };

  prometheus::Histogram& seconds_;
  prometheus::Gauge& running_;
  std::array<prometheus::Counter*, 5> outcomes_;  // by Label
};

}  // namespace tidemark::dataset
