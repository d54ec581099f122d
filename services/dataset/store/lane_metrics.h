#pragma once

#include <prometheus/registry.h>

#include <array>

#include "absl/time/time.h"
#include "services/dataset/domain/outcome.h"

namespace tidemark::dataset {

// What the write lanes count. Safe for concurrent use.
class LaneMetrics {
 public:
  explicit LaneMetrics(prometheus::Registry& registry);

  void Batch(std::size_t requests, absl::Duration took);
  void Waited(absl::Duration in_queue);
  // Adds to the number of those that wait.
  void Queued(double change);
  void Outcome(const UpdateOutcome& outcome);

 private:
  prometheus::Histogram& batch_requests_;
  prometheus::Histogram& batch_seconds_;
  prometheus::Histogram& queue_seconds_;
  prometheus::Gauge& queued_;
  prometheus::Counter& replays_;
  std::array<prometheus::Counter*, 5> outcomes_;  // by UpdateOutcome's alternatives
};

}  // namespace tidemark::dataset
