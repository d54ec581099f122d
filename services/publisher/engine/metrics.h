#pragma once

#include <prometheus/registry.h>

#include <array>
#include <cstddef>
#include <span>

#include "absl/time/time.h"
#include "services/publisher/domain/send_result.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// What the publisher counts. Safe for concurrent use.
class Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry);

  // Reading.
  void Polled(absl::Duration took);
  void Read(const Event& event);
  void OpenGaps(std::size_t gaps);

  // Sending.
  void Sent(std::size_t records, std::int64_t bytes);
  void Delivered(const Event& event, absl::Time sent, absl::Time now);
  void Failed(Fault fault, std::size_t records);
  void Parked();
  void Abandoned(std::int64_t changes);
  void Queued(std::int64_t bytes, std::int64_t changes, std::size_t requests_in_flight);

  // Isolation.
  void SplitOff();
  void Rejoined();

  // Copies of datasets.
  enum class CopyEnd {
    kDelivered,
    kGone,     // there is no such dataset (any more): nothing was sent
    kRefused,  // by the stream, for good
    kGivenUp,  // the destination was turned off or replaced
  };
  void CopyEnded(CopyEnd end, std::int64_t bytes);
  void StaleCopy();
  void BulkJobs(std::size_t running);

  // Standing.
  enum class LeaseMove { kTaken, kReleased, kLost };
  // `held`: log shards after it.
  void Leases(LeaseMove move, std::size_t held);
  // The log shards held at the moment: none, once the lease is over.
  void Held(std::size_t log_shards);
  // Parked at the moment, in the log shards that are held.
  void ParkedNow(std::int64_t changes);
  void Lag(std::int64_t changes, absl::Duration oldest);
  struct DestinationCounts {
    std::size_t all = 0;
    std::size_t failing = 0;
    std::size_t gapped = 0;
    std::size_t split_off = 0;  // without the paused
    std::size_t paused = 0;
    std::size_t off = 0;  // that Tidemark turned off; not among the others
  };
  void Destinations(const DestinationCounts& counts);

 private:
  static constexpr std::size_t kFaults = 7;  // without kNone

  prometheus::Histogram& poll_seconds_;
  prometheus::Histogram& ingestion_seconds_;
  prometheus::Gauge& open_gaps_;
  prometheus::Histogram& request_records_;
  prometheus::Histogram& request_bytes_;
  prometheus::Histogram& queue_seconds_;
  prometheus::Histogram& delivery_seconds_;
  prometheus::Counter& delivered_;
  prometheus::Counter& parked_;
  prometheus::Counter& abandoned_;
  std::array<prometheus::Counter*, kFaults> failures_;
  prometheus::Counter& splits_;
  prometheus::Counter& rejoins_;
  std::array<prometheus::Counter*, 4> copies_ended_;
  prometheus::Counter& copy_bytes_;
  prometheus::Counter& stale_copies_;
  prometheus::Gauge& bulk_jobs_;
  prometheus::Gauge& queued_bytes_;
  prometheus::Gauge& queued_changes_;
  prometheus::Gauge& requests_in_flight_;
  std::array<prometheus::Counter*, 3> lease_moves_;
  prometheus::Gauge& log_shards_held_;
  prometheus::Gauge& parked_now_;
  prometheus::Gauge& lag_changes_;
  prometheus::Gauge& lag_seconds_;
  prometheus::Gauge& destinations_;
  prometheus::Gauge& destinations_failing_;
  prometheus::Gauge& destinations_gapped_;
  prometheus::Gauge& destinations_split_off_;
  prometheus::Gauge& destinations_paused_;
  prometheus::Gauge& destinations_off_;
};

}  // namespace tidemark::publisher
