#include "services/publisher/engine/push_metrics.h"

#include <string>

#include "common/obs/metrics.h"

namespace tidemark::publisher {
namespace {

enum Outcome : std::size_t { kSent, kAged, kOverflow, kEndpointDisabled, kRefused, kAbandoned };
constexpr std::array<const char*, 6> kOutcomes = {
    "sent", "aged", "overflow", "endpoint_disabled", "refused", "abandoned"};
// In the order of PushEnd, from kThrottled.
constexpr std::array<const char*, 3> kClasses = {"throttle", "transient", "denied"};

std::string Name(const char* suffix) { return std::string("tidemark_publisher_push") + suffix; }

prometheus::Counter& Lookups(prometheus::Registry& registry, const char* outcome) {
  return obs::Counter(registry, Name("_lookups_total"),
                      "Changed datasets whose devices were asked of the push service: found, or "
                      "failed and asked again.",
                      {{"outcome", outcome}});
}

}  // namespace

PushMetrics::PushMetrics(prometheus::Registry& registry)
    : seconds_(obs::Histogram(registry, Name("_seconds"),
                              "From the commit of a change until a device's push was published.",
                              obs::LatencySeconds())),
      lookups_(Lookups(registry, "found")),
      failed_lookups_(Lookups(registry, "failed")),
      devices_(obs::Counter(registry, Name("_targets_total"), "Devices found to be told.")),
      waiting_(obs::Gauge(registry, Name("es_waiting"),
                          "Datasets of whose changes devices are to "
                          "be told.")),
      waiting_bytes_(obs::Gauge(registry, Name("es_waiting_bytes"), "Memory of these.")) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    outcomes_[i] = &obs::Counter(
        registry, Name("es_total"),
        "Pushes to devices by outcome: sent; aged, as they waited too long; overflow, as too many "
        "waited; endpoint_disabled, or deleted; refused by SNS; abandoned, as the pool's push "
        "settings were removed.",
        {{"outcome", kOutcomes[i]}});
  }
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    retries_[i] =
        &obs::Counter(registry, Name("_retries_total"),
                      "Publish calls that failed and are tried again, by what went wrong.",
                      {{"class", kClasses[i]}});
  }
}

void PushMetrics::Answered(PushEnd end, absl::Duration latency) {
  switch (end) {
    case PushEnd::kSent:
      seconds_.Observe(absl::ToDoubleSeconds(latency));
      return outcomes_[kSent]->Increment();
    case PushEnd::kDisabled:
    case PushEnd::kGone:
      return outcomes_[kEndpointDisabled]->Increment();
    case PushEnd::kRefused:
      return outcomes_[kRefused]->Increment();
    case PushEnd::kThrottled:
      return retries_[0]->Increment();
    case PushEnd::kTransient:
      return retries_[1]->Increment();
    case PushEnd::kDenied:
      return retries_[2]->Increment();
  }
}

void PushMetrics::Dropped(const PushQueue::Dropped& dropped) {
  outcomes_[kAged]->Increment(static_cast<double>(dropped.aged));
  outcomes_[kOverflow]->Increment(static_cast<double>(dropped.overflow));
  outcomes_[kAbandoned]->Increment(static_cast<double>(dropped.abandoned));
}

void PushMetrics::Found(std::size_t datasets, std::size_t devices) {
  lookups_.Increment(static_cast<double>(datasets));
  devices_.Increment(static_cast<double>(devices));
}

void PushMetrics::NotFound(std::size_t datasets) {
  failed_lookups_.Increment(static_cast<double>(datasets));
}

void PushMetrics::Waiting(std::size_t datasets, std::int64_t bytes) {
  waiting_.Set(static_cast<double>(datasets));
  waiting_bytes_.Set(static_cast<double>(bytes));
}

}  // namespace tidemark::publisher
