#include "cli/commands/bulk_rate.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/output/format.h"

namespace tidemark::cli {
namespace {

using stream_config::v1::BulkPublish;
using stream_config::v1::BulkPublishProgress;

// When the figures of `bulk` were true.
std::optional<absl::Time> MomentOf(const BulkPublish& bulk) {
  return TimeOf(bulk.progress().has_update_time(), bulk.progress().update_time());
}

std::optional<BulkRate> RateOver(absl::Duration time, std::int64_t datasets, std::int64_t bytes,
                                 const BulkPublishProgress& progress) {
  const double seconds = absl::ToDoubleSeconds(time);
  if (seconds <= 0) return std::nullopt;
  BulkRate rate;
  rate.datasets_per_second = static_cast<double>(datasets) / seconds;
  rate.bytes_per_second = static_cast<double>(bytes) / seconds;
  const std::int64_t left = progress.datasets_total() - progress.datasets_done();
  if (left >= 0 && progress.datasets_total() > 0 && rate.datasets_per_second > 0) {
    rate.remaining = absl::Seconds(static_cast<double>(left) / rate.datasets_per_second);
  }
  return rate;
}

}  // namespace

std::optional<BulkRate> RateOf(const BulkPublish& bulk) {
  const auto start = TimeOf(bulk.has_start_time(), bulk.start_time());
  const auto moment = MomentOf(bulk);
  if (!start || !moment) return std::nullopt;
  return RateOver(*moment - *start, bulk.progress().datasets_done(), bulk.progress().bytes_sent(),
                  bulk.progress());
}

std::optional<BulkRate> RateBetween(const BulkPublish& before, const BulkPublish& after) {
  const auto from = MomentOf(before);
  const auto to = MomentOf(after);
  if (!from || !to) return std::nullopt;
  return RateOver(*to - *from, after.progress().datasets_done() - before.progress().datasets_done(),
                  after.progress().bytes_sent() - before.progress().bytes_sent(), after.progress());
}

std::string ProgressLine(const BulkPublish& bulk, const std::optional<BulkRate>& rate) {
  const BulkPublishProgress& progress = bulk.progress();
  std::string line = absl::StrCat(progress.datasets_done());
  if (progress.datasets_total() > 0) {
    absl::StrAppend(&line, " of ", progress.datasets_total(), " datasets (",
                    progress.datasets_done() * 100 / progress.datasets_total(), "%)");
  } else {
    absl::StrAppend(&line, " datasets");
  }
  if (progress.datasets_failed() > 0) {
    absl::StrAppend(&line, ", ", progress.datasets_failed(), " failed");
  }
  if (rate) {
    absl::StrAppendFormat(&line, ", %.0f datasets/s, %s/s", rate->datasets_per_second,
                          HumanBytes(static_cast<std::int64_t>(rate->bytes_per_second)));
    if (rate->remaining) absl::StrAppend(&line, ", ", HumanDuration(*rate->remaining), " left");
  }
  return line;
}

}  // namespace tidemark::cli
