#pragma once

#include <prometheus/collectable.h>

#include <string>
#include <vector>

namespace tidemark::obs {

// What every process tells of itself, read when scraped: `tidemark_build_info` (labels service and
// version, always 1) and Prometheus' usual process_cpu_seconds_total, process_start_time_seconds,
// process_resident_memory_bytes, process_open_fds, process_max_fds and process_threads.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  explicit ProcessMetrics(std::string service) : service_(std::move(service)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string service_;
};

}  // namespace tidemark::obs
