#include "services/publisher/engine/bulk_report.h"

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"

namespace tidemark::publisher {
namespace {

constexpr std::size_t kExcerpt = 400;  // of an error

std::string Explain(const BulkCounts& counts, const BulkFailure& failure) {
  return absl::StrCat(counts.failed, " of ", counts.datasets,
                      " datasets were refused by the stream for good, such as ",
                      failure.dataset_name, " of ", failure.identity_id, ": ",
                      errors::Excerpt(failure.error, kExcerpt),
                      ". Mend that, then publish in bulk again.");
}

}  // namespace

BulkReport SumOf(const std::map<LogShard, BulkShard>& shards) {
  BulkReport report;
  std::size_t done = 0;
  for (const auto& [log_shard, shard] : shards) {
    report.counts.datasets += shard.counts.datasets;
    report.counts.failed += shard.counts.failed;
    report.counts.bytes += shard.counts.bytes;
    if (shard.failure) report.failure = shard.failure;
    done += shard.done ? 1 : 0;
  }
  report.ended = done == kLogShards;
  if (report.failure) report.failure_message = Explain(report.counts, *report.failure);
  return report;
}

}  // namespace tidemark::publisher
