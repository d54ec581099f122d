#include "services/stream_config/domain/bulk_publish.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/clock.h"
#include "services/stream_config/domain/pool_errors.h"
#include "services/stream_config/domain/text.h"

namespace tidemark::stream_config {
namespace {

constexpr std::size_t kMaxMessage = 1024;  // characters

void End(BulkPublish& bulk, std::string_view failure_message, absl::Time now) {
  // Another replica's clock may have been ahead when it began.
  bulk.complete_time = std::max(TruncateToMillis(now), bulk.start_time);
  bulk.failure_message = std::string(TakeCharacters(failure_message, kMaxMessage));
}

// Why nothing is delivered to the epoch of a bulk publish any more.
std::string WhyStranded(const Pool& pool) {
  if (!pool.settings.stream) {
    return "the pool's stream was removed from its settings; set it again, enable it, and publish "
           "again";
  }
  if (pool.settings.stream->enabled) {
    return absl::StrCat("the pool streams to '", pool.settings.stream->stream_name,
                        "' of the account ", ToAbsl(AccountOf(pool.settings.stream->role_arn)),
                        " instead since; publish again, to that stream");
  }
  const std::string& reason = pool.stream_state.disabled_reason;
  if (reason.empty()) return "the pool's stream was turned off; enable it and publish again";
  return absl::StrCat("the pool's stream was turned off: ", reason);
}

}  // namespace

absl::StatusOr<Pool> StartBulkPublish(const Pool& pool, bool again, absl::Time now) {
  if (!pool.settings.stream) return StreamNotConfigured(pool.id);
  if (!pool.settings.stream->enabled) return StreamDisabled(pool.id);
  const std::optional<BulkPublish>& last = pool.bulk_publish;
  if (last && last->Running()) return BulkPublishRunning(pool.id);
  if (last && !last->Failed() && !again && now < *last->complete_time + kBulkPublishSpacing) {
    return BulkPublishRecent(pool.id, *last->complete_time);
  }
  Pool changed = pool;
  changed.update_time = TruncateToMillis(now);
  changed.bulk_publish = BulkPublish{.job = BulkJob(last ? last->job.value() + 1 : 1),
                                     .epoch = pool.stream_state.epoch,
                                     .start_time = changed.update_time};
  return changed;
}

std::optional<Pool> EndBulkPublish(const Pool& pool, BulkJob job, std::string_view failure_message,
                                   absl::Time now) {
  const std::optional<BulkPublish>& last = pool.bulk_publish;
  if (!last || last->job != job || !last->Running()) return std::nullopt;
  Pool changed = pool;
  changed.update_time = TruncateToMillis(now);
  End(*changed.bulk_publish, failure_message, now);
  return changed;
}

void EndStrandedBulkPublish(Pool& pool) {
  if (!pool.bulk_publish || !pool.bulk_publish->Running()) return;
  const bool delivered = pool.settings.stream && pool.settings.stream->enabled &&
                         pool.stream_state.epoch == pool.bulk_publish->epoch;
  if (!delivered) End(*pool.bulk_publish, WhyStranded(pool), pool.update_time);
}

BulkProgress Advance(const BulkProgress& known, const BulkProgress& reported, absl::Time now) {
  BulkProgress next{.datasets_done = std::max(known.datasets_done, reported.datasets_done),
                    .datasets_total = std::max(known.datasets_total, reported.datasets_total),
                    .datasets_failed = std::max(known.datasets_failed, reported.datasets_failed),
                    .bytes_sent = std::max(known.bytes_sent, reported.bytes_sent),
                    .update_time = known.update_time};
  if (next != known) next.update_time = TruncateToMillis(now);
  return next;
}

}  // namespace tidemark::stream_config
