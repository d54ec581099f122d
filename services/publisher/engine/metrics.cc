#include "services/publisher/engine/metrics.h"

#include <algorithm>
#include <string>

#include "common/base/owner.h"
#include "common/obs/metrics.h"

namespace tidemark::publisher {
namespace {

// In the order of Fault.
constexpr std::array<const char*, 7> kFaultNames = {
    "transient", "throttle", "credentials", "refused", "denied", "missing", "role"};
constexpr std::array<const char*, 4> kCopyEnds = {"delivered", "gone", "refused", "given_up"};
constexpr std::array<const char*, 3> kMoveNames = {"taken", "released", "lost"};

std::string Name(const char* suffix) { return std::string("tidemark_publisher_") + suffix; }

prometheus::Histogram& Seconds(prometheus::Registry& registry, const char* name, const char* help) {
  return obs::Histogram(registry, Name(name), help, obs::LatencySeconds());
}

// Seconds from `from` to `to`. Clocks of different machines differ: never negative.
double Between(absl::Time from, absl::Time to) {
  return std::max(0.0, absl::ToDoubleSeconds(to - from));
}

prometheus::Counter& Changes(prometheus::Registry& registry, const char* outcome) {
  return obs::Counter(registry, Name("changes_total"),
                      "Changes by outcome: delivered, parked, or abandoned because their "
                      "destination was turned off or replaced.",
                      {{"outcome", outcome}});
}

prometheus::Gauge& Destinations(prometheus::Registry& registry, const char* state) {
  return obs::Gauge(registry, Name("destinations"),
                    "Destinations: all; failing, whose last request failed; gapped, which lost "
                    "changes that the log had to forget; split_off, which catch up by themselves; "
                    "paused, by an operator; and off, which Tidemark turned off and are not among "
                    "all.",
                    {{"state", state}});
}

}  // namespace

Metrics::Metrics(prometheus::Registry& registry)
    : poll_seconds_(Seconds(registry, "poll_seconds", "Time of a poll of the change log.")),
      ingestion_seconds_(
          Seconds(registry, "ingestion_seconds", "From a change's commit until it was read.")),
      open_gaps_(obs::Gauge(registry, Name("open_gaps"), "Gaps in the log that may still fill.")),
      request_records_(obs::Histogram(registry, Name("request_records"),
                                      "Records in a PutRecords request.", obs::BatchItems())),
      request_bytes_(obs::Histogram(registry, Name("request_bytes"),
                                    "Data and keys in a PutRecords request.", obs::SizeBytes())),
      queue_seconds_(Seconds(registry, "queue_seconds",
                             "From reading a change until the request that delivered it.")),
      delivery_seconds_(Seconds(registry, "delivery_seconds",
                                "From a change's commit until its destination had it.")),
      delivered_(Changes(registry, "delivered")),
      parked_(Changes(registry, "parked")),
      abandoned_(Changes(registry, "abandoned")),
      splits_(obs::Counter(registry, Name("splits_total"),
                           "Times that a slow stream was split off, so that it delays no other.")),
      rejoins_(obs::Counter(registry, Name("rejoins_total"),
                            "Times that a stream had caught up and joined the others.")),
      copy_bytes_(obs::Counter(registry, Name("bulk_bytes_total"),
                               "Data and keys of copies of datasets that were delivered.")),
      stale_copies_(obs::Counter(registry, Name("bulk_stale_total"),
                                 "Copies of datasets that were read again, as a newer change "
                                 "preceded them.")),
      bulk_jobs_(obs::Gauge(registry, Name("bulk_jobs"), "Bulk publishes under way.")),
      queued_bytes_(obs::Gauge(registry, Name("queued_bytes"),
                               "Memory of changes read and not yet delivered.")),
      queued_changes_(
          obs::Gauge(registry, Name("queued_changes"), "Changes read and not yet delivered.")),
      requests_in_flight_(
          obs::Gauge(registry, Name("requests_in_flight"), "PutRecords requests under way.")),
      log_shards_held_(obs::Gauge(registry, Name("log_shards_held"), "Log shards held, 0 to 256.")),
      parked_now_(obs::Gauge(registry, Name("parked_changes"),
                             "Changes parked at the moment, in the log shards that are held.")),
      lag_changes_(obs::Gauge(registry, Name("lag_changes"),
                              "Positions between the end of the log and what is settled.")),
      lag_seconds_(obs::Gauge(registry, Name("lag_seconds"),
                              "Age of the oldest change that is not delivered, of streams that are "
                              "not paused; while the log can't be read, of the last look at it at "
                              "least.")),
      destinations_(tidemark::publisher::Destinations(registry, "all")),
      destinations_failing_(tidemark::publisher::Destinations(registry, "failing")),
      destinations_gapped_(tidemark::publisher::Destinations(registry, "gapped")),
      destinations_split_off_(tidemark::publisher::Destinations(registry, "split_off")),
      destinations_paused_(tidemark::publisher::Destinations(registry, "paused")),
      destinations_off_(tidemark::publisher::Destinations(registry, "off")) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    const char* name = kFaultNames[i];
    failures_[i] = &obs::Counter(registry, Name("failed_records_total"),
                                 "Records that a request did not deliver, by what went wrong; all "
                                 "but the refused are sent again.",
                                 {{"class", name}});
  }
  for (std::size_t i = 0; i < kCopyEnds.size(); ++i) {
    copies_ended_[i] = &obs::Counter(registry, Name("bulk_datasets_total"),
                                     "Datasets that were to be copied, by how it ended.",
                                     {{"outcome", kCopyEnds[i]}});
  }
  for (std::size_t i = 0; i < kMoveNames.size(); ++i) {
    lease_moves_[i] =
        &obs::Counter(registry, Name("lease_moves_total"),
                      "Times that log shards were taken, given back or lost, by move.",
                      {{"move", kMoveNames[i]}});
  }
}

void Metrics::Polled(absl::Duration took) { poll_seconds_.Observe(absl::ToDoubleSeconds(took)); }

void Metrics::Read(const Event& event) {
  ingestion_seconds_.Observe(Between(event.commit_time, event.read_time));
}

void Metrics::OpenGaps(std::size_t gaps) { open_gaps_.Set(static_cast<double>(gaps)); }

void Metrics::Sent(std::size_t records, std::int64_t bytes) {
  request_records_.Observe(static_cast<double>(records));
  request_bytes_.Observe(static_cast<double>(bytes));
}

void Metrics::Delivered(const Event& event, absl::Time sent, absl::Time now) {
  queue_seconds_.Observe(Between(event.read_time, sent));
  delivery_seconds_.Observe(Between(event.commit_time, now));
  delivered_.Increment();
}

void Metrics::Failed(Fault fault, std::size_t records) {
  if (fault == Fault::kNone) return;
  failures_[static_cast<std::size_t>(fault) - 1]->Increment(static_cast<double>(records));
}

void Metrics::Parked() { parked_.Increment(); }

void Metrics::Abandoned(std::int64_t changes) {
  abandoned_.Increment(static_cast<double>(changes));
}

void Metrics::Queued(std::int64_t bytes, std::int64_t changes, std::size_t requests_in_flight) {
  queued_bytes_.Set(static_cast<double>(bytes));
  queued_changes_.Set(static_cast<double>(changes));
  requests_in_flight_.Set(static_cast<double>(requests_in_flight));
}

void Metrics::SplitOff() { splits_.Increment(); }

void Metrics::Rejoined() { rejoins_.Increment(); }

void Metrics::CopyEnded(CopyEnd end, std::int64_t bytes) {
  copies_ended_[static_cast<std::size_t>(end)]->Increment();
  copy_bytes_.Increment(static_cast<double>(bytes));
}

void Metrics::StaleCopy() { stale_copies_.Increment(); }

void Metrics::BulkJobs(std::size_t running) { bulk_jobs_.Set(static_cast<double>(running)); }

void Metrics::Leases(LeaseMove move, std::size_t held) {
  lease_moves_[static_cast<std::size_t>(move)]->Increment();
  Held(held);
}

void Metrics::Held(std::size_t log_shards) {
  log_shards_held_.Set(static_cast<double>(log_shards));
}

void Metrics::ParkedNow(std::int64_t changes) { parked_now_.Set(static_cast<double>(changes)); }

void Metrics::Lag(std::int64_t changes, absl::Duration oldest) {
  lag_changes_.Set(static_cast<double>(changes));
  lag_seconds_.Set(absl::ToDoubleSeconds(oldest));
}

void Metrics::Destinations(const DestinationCounts& counts) {
  destinations_.Set(static_cast<double>(counts.all));
  destinations_failing_.Set(static_cast<double>(counts.failing));
  destinations_gapped_.Set(static_cast<double>(counts.gapped));
  destinations_split_off_.Set(static_cast<double>(counts.split_off));
  destinations_paused_.Set(static_cast<double>(counts.paused));
  destinations_off_.Set(static_cast<double>(counts.off));
}

}  // namespace tidemark::publisher
