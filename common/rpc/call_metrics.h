#pragma once

#include <prometheus/registry.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tidemark::rpc {

// What an end of a call says of those who took part.
enum class Outcome {
  kOk,
  kRejected,  // the caller's doing: it asked wrongly, conflicted, or went away
  kFailed,    // ours: overload, something missing, or a fault
};

Outcome OutcomeOf(absl::StatusCode code);

// The series of one method.
struct MethodMetrics {
  std::string name;  // "tidemark.dataset.v1.DatasetService/UpdateRecords"
  std::array<prometheus::Histogram*, 3> seconds = {};  // by Outcome
  std::array<prometheus::Counter*, 17> total = {};     // by absl::StatusCode
  prometheus::Gauge* in_flight = nullptr;

  void Count(absl::StatusCode code, absl::Duration took) const;
};

// The series of all methods of a proto service, made from its descriptor.
class CallMetrics {
 public:
  // `service` as in metric names.
  CallMetrics(const std::string& service, const std::string& proto_service,
              prometheus::Registry& registry);

  // By the method's short name. Aborts if the service has no such method.
  const MethodMetrics& Of(std::string_view method) const;

 private:
  std::map<std::string, MethodMetrics, std::less<>> methods_;
};

}  // namespace tidemark::rpc
