#include "common/obs/process_metrics.h"

#include <prometheus/metric_family.h>
#include <sys/resource.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "common/base/version.h"

namespace tidemark::obs {
namespace {

prometheus::MetricFamily Family(const std::string& name, const std::string& help,
                                prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.push_back(std::move(metric));
  return family;
}

prometheus::MetricFamily Gauge(const std::string& name, const std::string& help, double value) {
  return Family(name, help, prometheus::MetricType::Gauge, value);
}

// The number behind `key` in /proc/self/status, 0 if there is none.
double StatusNumber(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  double number = 0;
  while (status >> word) {
    if (word == key && status >> number) return number;
  }
  return 0;
}

double CpuSeconds() {
  timespec used = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

double MaxFiles() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  prometheus::MetricFamily build = Gauge("tidemark_build_info", "What runs here; always 1.", 1);
  build.metric[0].label = {{"service", service_}, {"version", std::string(Version())}};
  return {
      std::move(build),
      Family("process_cpu_seconds_total", "CPU time used, user and system.",
             prometheus::MetricType::Counter, CpuSeconds()),
      Gauge("process_start_time_seconds", "When the process started, in Unix time.",
            absl::ToDoubleSeconds(start_ - absl::UnixEpoch())),
      Gauge("process_resident_memory_bytes", "Resident memory.", StatusNumber("VmRSS:") * 1024),
      Gauge("process_open_fds", "Open file descriptors.", OpenFiles()),
      Gauge("process_max_fds", "Limit of open file descriptors.", MaxFiles()),
      Gauge("process_threads", "Threads.", StatusNumber("Threads:")),
  };
}

}  // namespace tidemark::obs
