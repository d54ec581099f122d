#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/obs/log.h"
#include "common/pools/pool_directory.h"
#include "services/push/rpc/neighbours.h"
#include "services/push/store/store.h"

namespace tidemark::push {

// Forgets the devices of deleted pools, in chunks: looks again and again for pools that have
// devices and are not in the directory, and asks the stream configuration service itself before it
// erases anything, since the directory may be behind. So it does not matter who ran when the pool
// was deleted, and a device that registered a moment later goes too. Any replica may do it, and
// several at once. Has one thread. Metrics:
//   tidemark_push_devices_erased_total   devices of deleted pools that were forgotten
//   tidemark_push_erase_failures_total   passes that failed in part or whole
class Eraser {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(10);  // between passes
    absl::Duration timeout = absl::Seconds(5);    // of each call and statement
    std::int32_t chunk = 200;                     // devices that a statement forgets
  };

  // All outlive the eraser.
  Eraser(WriteStore& store, PoolList& list, const pools::PoolDirectory& directory,
         const Options& options, prometheus::Registry& registry);
  // Waits for the statement under way.
  ~Eraser();

  Eraser(const Eraser&) = delete;
  Eraser& operator=(const Eraser&) = delete;

 private:
  void Loop();
  absl::Status Pass();
  absl::Status Erase(const std::string& pool_id);
  bool Stopping();

  WriteStore& store_;
  PoolList& list_;
  const pools::PoolDirectory& directory_;
  const Options options_;
  prometheus::Counter& erased_;
  prometheus::Counter& failures_;
  obs::LogLimiter failure_logs_{absl::Minutes(1)};

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidemark::push
