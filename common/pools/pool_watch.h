#pragma once

#include <grpcpp/grpcpp.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/obs/log.h"
#include "common/pools/pool_directory.h"

namespace tidemark::pools {

// Keeps a PoolDirectory as the stream configuration service has it: takes its list of all pools and
// then every change, for ever. While the service is away the directory stays as it was; when it is
// back, its new list replaces what was known. Has one thread. Metrics:
//   tidemark_<service>_pools                 pools known
//   tidemark_<service>_pool_watch_connected  1 while changes come in, 0 while the copy may be stale
class PoolWatch {
 public:
  struct Options {
    std::string service;  // who watches, such as "dataset": in metric names and as the caller
    // Between attempts; doubled up to the greater one, with jitter.
    absl::Duration min_backoff = absl::Milliseconds(50);
    absl::Duration max_backoff = absl::Seconds(1);
  };

  // `directory`, `random` and `registry` outlive the watch.
  PoolWatch(std::shared_ptr<grpc::Channel> channel, PoolDirectory& directory,
            const Options& options, Random& random, prometheus::Registry& registry);
  // Ends the call and the thread.
  ~PoolWatch();

  PoolWatch(const PoolWatch&) = delete;
  PoolWatch& operator=(const PoolWatch&) = delete;

  // Whether changes come in; otherwise the directory may be stale. For any thread.
  bool connected() const { return connected_; }

 private:
  void Loop();
  // One call, until it ends. Whether it brought the list.
  bool Watch();
  void SetConnected(bool connected);
  void Report(const absl::Status& end);
  // False when stopping.
  bool Pause(absl::Duration pause);

  const std::shared_ptr<grpc::Channel> channel_;
  PoolDirectory& directory_;
  const Options options_;
  Random& random_;
  prometheus::Gauge& pools_;
  prometheus::Gauge& connected_gauge_;
  std::atomic<bool> connected_ = false;
  obs::LogLimiter failures_{absl::Seconds(10)};

  std::mutex mutex_;
  std::condition_variable stop_;
  grpc::ClientContext* call_ = nullptr;  // the one in flight
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidemark::pools
