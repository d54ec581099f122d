#include "services/stream_config/rpc/pool_writer.h"

#include <string>

#include "common/base/status_macros.h"
#include "common/obs/metrics.h"

namespace tidemark::stream_config {
namespace {

prometheus::Counter& BulkPublishes(prometheus::Registry& registry, const std::string& outcome) {
  return obs::Counter(registry, "tidemark_stream_config_bulk_publishes_total",
                      "Bulk publishes that began or ended, by outcome.", {{"outcome", outcome}});
}

}  // namespace

PoolWriter::PoolWriter(PoolStore& store, PoolFeed& feed, prometheus::Registry& registry)
    : store_(store),
      feed_(feed),
      started_(BulkPublishes(registry, "started")),
      succeeded_(BulkPublishes(registry, "succeeded")),
      failed_(BulkPublishes(registry, "failed")) {}

absl::StatusOr<Pool> PoolWriter::Update(std::string_view pool_id, std::optional<Version> expected,
                                        const Edit& edit, absl::Time deadline) {
  std::optional<BulkPublish> before;
  const Edit noting = [&](const Pool& pool) {
    before = pool.bulk_publish;
    return edit(pool);
  };
  TM_ASSIGN_OR_RETURN(Pool pool,
                      stream_config::Update(store_, pool_id, expected, noting, deadline));
  feed_.Refresh();
  Count(before, pool.bulk_publish);
  return pool;
}

void PoolWriter::Count(const std::optional<BulkPublish>& before,
                       const std::optional<BulkPublish>& after) {
  if (before == after) return;
  if (after->Running()) return started_.Increment();
  (after->Failed() ? failed_ : succeeded_).Increment();
}

}  // namespace tidemark::stream_config
