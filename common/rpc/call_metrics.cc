#include "common/rpc/call_metrics.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/obs/metrics.h"

namespace tidemark::rpc {
namespace {

constexpr std::array<const char*, 3> kOutcomes = {"ok", "rejected", "failed"};

[[noreturn]] void Bug(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

MethodMetrics MakeMethod(const std::string& prefix, const std::string& name,
                         prometheus::Registry& registry) {
  MethodMetrics method;
  method.name = name;
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    method.seconds[i] = &obs::Histogram(
        registry, prefix + "_rpc_seconds",
        "Time from a call's arrival to its end. rejected: the caller's doing; failed: ours.",
        obs::LatencySeconds(), {{"method", name}, {"outcome", kOutcomes[i]}});
  }
  for (std::size_t i = 0; i < method.total.size(); ++i) {
    method.total[i] = &obs::Counter(
        registry, prefix + "_rpcs_total", "Ended calls by gRPC status code.",
        {{"method", name}, {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(i))}});
  }
  method.in_flight = &obs::Gauge(registry, prefix + "_rpcs_in_flight", "Calls that have not ended.",
                                 {{"method", name}});
  return method;
}

}  // namespace

Outcome OutcomeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return Outcome::kOk;
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnauthenticated:
      return Outcome::kRejected;
    default:
      return Outcome::kFailed;
  }
}

void MethodMetrics::Count(absl::StatusCode code, absl::Duration took) const {
  const std::size_t number =
      std::min(static_cast<std::size_t>(code), std::size_t{total.size() - 1});
  total[number]->Increment();
  seconds[static_cast<std::size_t>(OutcomeOf(code))]->Observe(absl::ToDoubleSeconds(took));
  in_flight->Decrement();
}

CallMetrics::CallMetrics(const std::string& service, const std::string& proto_service,
                         prometheus::Registry& registry) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(proto_service);
  if (descriptor == nullptr) Bug("no proto service " + proto_service);
  const std::string prefix = absl::StrCat("tidemark_", service);
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const std::string& method = descriptor->method(i)->name();
    methods_[method] = MakeMethod(prefix, absl::StrCat(proto_service, "/", method), registry);
  }
}

const MethodMetrics& CallMetrics::Of(std::string_view method) const {
  const auto found = methods_.find(method);
  if (found == methods_.end()) Bug("no such method: " + std::string(method));
  return found->second;
}

}  // namespace tidemark::rpc
