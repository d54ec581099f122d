#include "services/dataset/trigger/trigger_metrics.h"

#include "common/errors/error.h"
#include "common/obs/metrics.h"

namespace tidemark::dataset {
namespace {

prometheus::Counter* OutcomeCounter(prometheus::Registry& registry, const char* outcome) {
  return &obs::Counter(registry, "tidemark_dataset_trigger_calls_total",
                       "Updates that a sync trigger was to see, by outcome.",
                       {{"outcome", outcome}});
}

}  // namespace

TriggerMetrics::TriggerMetrics(prometheus::Registry& registry)
    : seconds_(obs::Histogram(registry, "tidemark_dataset_trigger_seconds",
                              "Time of one call of a function.", obs::LatencySeconds())),
      running_(obs::Gauge(registry, "tidemark_dataset_trigger_calls_in_flight",
                          "Functions that run now.")),
      outcomes_{OutcomeCounter(registry, "answered"), OutcomeCounter(registry, "failed"),
                OutcomeCounter(registry, "timed_out"), OutcomeCounter(registry, "throttled"),
                OutcomeCounter(registry, "refused")} {}

void TriggerMetrics::Began() { running_.Increment(); }

void TriggerMetrics::Ended(absl::Duration took) {
  running_.Decrement();
  seconds_.Observe(absl::ToDoubleSeconds(took));
}

void TriggerMetrics::Outcome(const absl::Status& status) {
  Label label = kFailed;
  if (status.ok()) label = kAnswered;
  const errors::Reason reason = errors::ReasonOf(status);
  if (reason == errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT) label = kTimedOut;
  if (reason == errors::v1::ERROR_REASON_TRIGGER_THROTTLED) label = kThrottled;
  outcomes_[label]->Increment();
}

void TriggerMetrics::Refused() { outcomes_[kRefused]->Increment(); }

}  // namespace tidemark::dataset
