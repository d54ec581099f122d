#pragma once

#include <prometheus/collectable.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace tidemark::obs {

// What every process tells of itself, read when scraped: `tidemark_build_info` (labels service and
// version, always 1) and Prometheus' usual process_cpu_seconds_total, process_start_time_seconds,
// process_resident_memory_bytes, process_open_fds, process_max_fds and process_threads. Made when
// the process starts.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  ProcessMetrics(std::string service, absl::Time start)
      : service_(std::move(service)), start_(start) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string service_;
  const absl::Time start_;
};

}  // namespace tidemark::obs
