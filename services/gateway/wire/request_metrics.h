#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "services/gateway/wire/amazon_error.h"
#include "services/gateway/wire/routes.h"

namespace tidemark::gateway {

// What is counted of HTTP requests. `operation` is Amazon's name, or `none` for requests that are
// of no operation; `error` is Amazon's name, or `none`.
//   tidemark_gateway_request_seconds{operation}
//   tidemark_gateway_requests_total{operation,error}
//   tidemark_gateway_requests_in_flight
//   tidemark_gateway_received_bytes_total, tidemark_gateway_sent_bytes_total   of bodies
class RequestMetrics {
 public:
  explicit RequestMetrics(prometheus::Registry& registry);

  void Begin() { in_flight_.Increment(); }
  void End() { in_flight_.Decrement(); }

  struct Outcome {
    const OperationInfo* operation = nullptr;
    std::optional<ErrorName> error;
    absl::Duration took;
    std::size_t received_bytes = 0;
    std::size_t sent_bytes = 0;
  };
  void Count(const Outcome& outcome);

 private:
  struct PerOperation {
    prometheus::Histogram* seconds;
    std::vector<prometheus::Counter*> requests;  // by ErrorName; the last one for success
  };
  PerOperation Make(prometheus::Registry& registry, std::string_view operation) const;

  prometheus::Gauge& in_flight_;
  prometheus::Counter& received_;
  prometheus::Counter& sent_;
  std::vector<PerOperation> operations_;  // by Operation; the last one for none
};

}  // namespace tidemark::gateway
