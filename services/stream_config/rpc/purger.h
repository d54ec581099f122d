#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/obs/log.h"
#include "services/stream_config/rpc/datasets.h"
#include "services/stream_config/store/store.h"

namespace tidemark::stream_config {

// Asks the dataset service once more to purge pools that were deleted a while ago. Devices could
// write until the dataset service had learnt of the deletion; what came in then goes now, as does
// all of it if the first purge failed. Any replica may do it, and do it twice. Has one thread.
// Metric:
//   tidemark_stream_config_purges_total{outcome}  final purges of deleted pools: ok, failed
class Purger {
 public:
  struct Options {
    // From a deletion to its final purge. Caches learn of a deletion in a moment, unless they are
    // cut off: this is for how long they may be.
    absl::Duration delay = absl::Hours(1);
    absl::Duration interval = absl::Seconds(10);
    absl::Duration timeout = absl::Seconds(5);  // of each call
  };

  // All outlive the purger.
  Purger(PoolStore& store, Datasets& datasets, const Clock& clock, const Options& options,
         prometheus::Registry& registry);
  // Waits for the purge under way.
  ~Purger();

  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

 private:
  void Loop();
  void PurgeAll();
  absl::Status Purge(const std::string& pool_id);

  PoolStore& store_;
  Datasets& datasets_;
  const Clock& clock_;
  const Options options_;
  prometheus::Counter& ok_;
  prometheus::Counter& failed_;

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  obs::LogLimiter failures_{absl::Minutes(1)};
  std::thread thread_;
};

}  // namespace tidemark::stream_config
