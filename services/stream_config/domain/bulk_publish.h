#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/stream_config/domain/pool.h"

// The rules of bulk publishing (contract section 5): one at a time for each pool, to a stream that
// is on, and not again within a day of a success. Pure.
namespace tidemark::stream_config {

// From a success to the next bulk publish, unless it is asked for expressly.
inline constexpr absl::Duration kBulkPublishSpacing = absl::Hours(24);

// How far a bulk publish is; BulkPublishProgress in pool.proto says what each figure is.
struct BulkProgress {
  std::int64_t datasets_done = 0;
  std::int64_t datasets_total = 0;
  std::int64_t datasets_failed = 0;
  std::int64_t bytes_sent = 0;
  std::optional<absl::Time> update_time;  // when a figure last changed; nothing: none ever did

  friend bool operator==(const BulkProgress&, const BulkProgress&) = default;
};

// `pool` with its next bulk publish begun. STREAM_NOT_CONFIGURED, STREAM_DISABLED,
// BULK_PUBLISH_RUNNING; BULK_PUBLISH_RECENT if the last one succeeded less than a day ago, unless
// `again`. After a failure it may begin at once.
absl::StatusOr<Pool> StartBulkPublish(const Pool& pool, bool again, absl::Time now);

// `pool` with bulk publish `job` ended: as failed if there is a message. Nothing if `job` does not
// run: it has ended already, or another one has begun.
std::optional<Pool> EndBulkPublish(const Pool& pool, BulkJob job, std::string_view failure_message,
                                   absl::Time now);

// To be called after a change of the stream's settings: if a bulk publish runs, and the epoch to
// which it goes is no longer delivered to, it has failed as of `pool.update_time`.
void EndStrandedBulkPublish(Pool& pool);

// What is known after a report. Figures never go back: reports may come late.
BulkProgress Advance(const BulkProgress& known, const BulkProgress& reported, absl::Time now);

}  // namespace tidemark::stream_config
