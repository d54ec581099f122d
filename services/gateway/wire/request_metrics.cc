#include "services/gateway/wire/request_metrics.h"

#include <string>

#include "common/obs/metrics.h"

namespace tidemark::gateway {

RequestMetrics::RequestMetrics(prometheus::Registry& registry)
    : in_flight_(obs::Gauge(registry, "tidemark_gateway_requests_in_flight",
                            "HTTP requests being served.")),
      received_(obs::Counter(registry, "tidemark_gateway_received_bytes_total",
                             "Bytes of request bodies.")),
      sent_(obs::Counter(registry, "tidemark_gateway_sent_bytes_total",
                         "Bytes of answers' bodies.")) {
  for (const OperationInfo& info : AllOperations()) {
    operations_.push_back(Make(registry, info.name));
  }
  operations_.push_back(Make(registry, "none"));
}

RequestMetrics::PerOperation RequestMetrics::Make(prometheus::Registry& registry,
                                                  std::string_view operation) const {
  const std::string name(operation);
  PerOperation made;
  made.seconds = &obs::Histogram(registry, "tidemark_gateway_request_seconds",
                                 "Time to answer an HTTP request, from its last byte.",
                                 obs::LatencySeconds(), {{"operation", name}});
  const auto counter = [&](const std::string& error) {
    return &obs::Counter(registry, "tidemark_gateway_requests_total",
                         "HTTP requests by operation and Amazon's error name.",
                         {{"operation", name}, {"error", error}});
  };
  for (const ErrorKind& kind : AllErrors()) {
    made.requests.push_back(counter(std::string(kind.text)));
  }
  made.requests.push_back(counter("none"));
  return made;
}

void RequestMetrics::Count(const Outcome& outcome) {
  const PerOperation& operation =
      outcome.operation == nullptr
          ? operations_.back()
          : operations_[static_cast<std::size_t>(outcome.operation->operation)];
  operation.seconds->Observe(absl::ToDoubleSeconds(outcome.took));
  const std::size_t error =
      outcome.error ? static_cast<std::size_t>(*outcome.error) : operation.requests.size() - 1;
  operation.requests[error]->Increment();
  received_.Increment(static_cast<double>(outcome.received_bytes));
  sent_.Increment(static_cast<double>(outcome.sent_bytes));
}

}  // namespace tidemark::gateway
