#pragma once

#include <prometheus/registry.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "services/publisher/domain/push.h"
#include "services/publisher/domain/push_queue.h"

namespace tidemark::publisher {

// What is counted of pushes to devices. Safe for concurrent use.
class PushMetrics {
 public:
  explicit PushMetrics(prometheus::Registry& registry);

  // Of one push to one device; `latency` since the oldest change that it tells was committed.
  void Answered(PushEnd end, absl::Duration latency);
  void Dropped(const PushQueue::Dropped& dropped);
  // The devices of so many datasets were found.
  void Found(std::size_t datasets, std::size_t devices);
  // They were not, as the push service did not answer.
  void NotFound(std::size_t datasets);
  void Waiting(std::size_t datasets, std::int64_t bytes);

 private:
  std::array<prometheus::Counter*, 6> outcomes_;
  std::array<prometheus::Counter*, 3> retries_;
  prometheus::Histogram& seconds_;
  prometheus::Counter& lookups_;
  prometheus::Counter& failed_lookups_;
  prometheus::Counter& devices_;
  prometheus::Gauge& waiting_;
  prometheus::Gauge& waiting_bytes_;
};

}  // namespace tidemark::publisher
