#include "services/dataset/store/lane_metrics.h"

#include "common/obs/metrics.h"

namespace tidemark::dataset {
namespace {

prometheus::Counter* OutcomeCounter(prometheus::Registry& registry, const char* outcome) {
  return &obs::Counter(registry, "tidemark_dataset_updates_total", "Updates by outcome.",
                       {{"outcome", outcome}});
}

}  // namespace

LaneMetrics::LaneMetrics(prometheus::Registry& registry)
    : batch_requests_(obs::Histogram(registry, "tidemark_dataset_batch_requests",
                                     "Updates in one transaction.", obs::BatchItems())),
      batch_seconds_(obs::Histogram(registry, "tidemark_dataset_batch_seconds",
                                    "Time of one batch in the store.", obs::LatencySeconds())),
      queue_seconds_(obs::Histogram(registry, "tidemark_dataset_queue_seconds",
                                    "Time an update waited for its batch.", obs::LatencySeconds())),
      queued_(obs::Gauge(registry, "tidemark_dataset_queued_updates",
                         "Updates that wait for their batch, in all write lanes.")),
      replays_(obs::Counter(registry, "tidemark_dataset_replays_total",
                            "Repeats that were given the first answer.")),
      outcomes_{OutcomeCounter(registry, "applied"), OutcomeCounter(registry, "conflict"),
                OutcomeCounter(registry, "limit"), OutcomeCounter(registry, "request_id_reused"),
                OutcomeCounter(registry, "failed")} {}

void LaneMetrics::Batch(std::size_t requests, absl::Duration took) {
  batch_requests_.Observe(static_cast<double>(requests));
  batch_seconds_.Observe(absl::ToDoubleSeconds(took));
}

void LaneMetrics::Waited(absl::Duration in_queue) {
  queue_seconds_.Observe(absl::ToDoubleSeconds(in_queue));
}

void LaneMetrics::Queued(double change) { queued_.Increment(change); }

void LaneMetrics::Outcome(const UpdateOutcome& outcome) {
  outcomes_[outcome.index()]->Increment();
  const Applied* applied = std::get_if<Applied>(&outcome);
  if (applied != nullptr && applied->replayed) replays_.Increment();
}

}  // namespace tidemark::dataset
