#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/obs/log.h"
#include "services/stream_config/store/pool_log.h"
#include "services/stream_config/store/store.h"

namespace tidemark::stream_config {

// Follows the store and tells watchers: what other replicas write is seen at the next poll, what
// this one writes at once (Refresh). Has two threads: one reads, so that a database that hangs
// delays no watcher, and one tells. When the database is away, watchers keep what they were told.
// Metrics:
//   tidemark_stream_config_pools                      pools that exist
//   tidemark_stream_config_watchers                   watchers being told
//   tidemark_stream_config_feed_reads_total{outcome}  reads of the store: ok, failed
class PoolFeed {
 public:
  struct Options {
    absl::Duration poll_interval = absl::Milliseconds(100);
    absl::Duration read_timeout = absl::Seconds(2);
    // Until a watcher that took nothing is offered again.
    absl::Duration retry_interval = absl::Milliseconds(5);
    std::int32_t read_limit = 1000;  // pools in one read
    std::size_t batch_limit = 32;    // pools in one batch
    std::size_t max_deleted = 10'000;
  };

  // Who is told. Calls come from one thread at a time, must not block and must not call the feed.
  class Watcher {
   public:
    enum class Took { kYes, kFull, kGone };

    virtual ~Watcher() = default;
    // kFull: offered again later.
    virtual Took Offer(const PoolBatch& batch) = 0;
    // Whether telling is of no use any more.
    virtual bool Gone() const = 0;
    // The last word: the watcher has to begin again, here or elsewhere.
    virtual void End(const absl::Status& status) = 0;
  };

  // `store` and `registry` outlive the feed.
  PoolFeed(PoolStore& store, const Options& options, prometheus::Registry& registry);
  // Ends all watchers as NOT_READY.
  ~PoolFeed();

  PoolFeed(const PoolFeed&) = delete;
  PoolFeed& operator=(const PoolFeed&) = delete;

  // Tells `watcher` all pools and then every change. The list is read after this call: who comes
  // from another replica is never told less than there. Ends it as NOT_READY before the first read
  // of the store, or if the store can't be read now.
  void Watch(std::unique_ptr<Watcher> watcher);

  // Reads now: something was written.
  void Refresh();

  // UNAVAILABLE until the store was first read as a whole.
  absl::Status Ready() const;

 private:
  struct Seat {
    std::unique_ptr<Watcher> watcher;
    PoolLog::Cursor cursor;
    std::uint64_t awaits;  // told nothing before this read is over
  };
  enum class Served { kAll, kFull, kOver };

  void ReadLoop();
  // Reads all that is new. False if the store can't be read.
  bool ReadAll();
  void LogFailure(const absl::Status& status);
  // True if the page was full.
  bool TakeLocked(ChangePage page);
  void StartOverLocked();
  // Ends the watchers that await the read just made.
  void EndAwaitingLocked();
  void TellLoop();
  Served ServeLocked(Seat& seat);

  PoolStore& store_;
  const Options options_;
  prometheus::Gauge& pools_;
  prometheus::Gauge& watchers_;
  prometheus::Counter& reads_ok_;
  prometheus::Counter& reads_failed_;

  mutable std::mutex mutex_;
  std::condition_variable read_wanted_;
  std::condition_variable tell_wanted_;
  obs::LogLimiter failures_{absl::Seconds(10)};
  PoolLog log_;
  std::list<Seat> seats_;
  std::uint64_t reads_begun_ = 0;
  std::uint64_t reads_over_ = 0;
  bool loaded_ = false;
  bool refresh_ = false;
  bool news_ = false;
  bool stopping_ = false;
  std::thread reader_;
  std::thread teller_;
};

}  // namespace tidemark::stream_config
