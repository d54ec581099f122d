#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/stream_config/store/pool_feed.h"
#include "services/stream_config/store/store.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {

// Changes pools: stores an edit, tells the watchers at once, and counts. Metric:
//   tidemark_stream_config_bulk_publishes_total{outcome}  started, succeeded, failed
class PoolWriter {
 public:
  // All outlive the object.
  PoolWriter(PoolStore& store, PoolFeed& feed, prometheus::Registry& registry);

  // As the function Update.
  absl::StatusOr<Pool> Update(std::string_view pool_id, std::optional<Version> expected,
                              const Edit& edit, absl::Time deadline);

 private:
  void Count(const std::optional<BulkPublish>& before, const std::optional<BulkPublish>& after);

  PoolStore& store_;
  PoolFeed& feed_;
  prometheus::Counter& started_;
  prometheus::Counter& succeeded_;
  prometheus::Counter& failed_;
};

}  // namespace tidemark::stream_config
