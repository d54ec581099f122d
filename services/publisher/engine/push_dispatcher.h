#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/obs/log.h"
#include "services/publisher/domain/push_queue.h"
#include "services/publisher/engine/lease_guard.h"
#include "services/publisher/engine/push_metrics.h"
#include "services/publisher/engine/push_pools.h"
#include "services/publisher/engine/push_sender.h"
#include "services/publisher/engine/push_targets.h"

namespace tidemark::publisher {

// Tells devices of changes, on a thread of its own that never waits for a call: while one lookup is
// under way, what is to be looked up next gathers, and pushes go out as answers come in. Streams
// know nothing of it, and it takes a bounded amount of memory.
//
// Safe for concurrent use: the reader's thread delivers, the term's asks how far it is and stops
// it, and calls are answered on any. One lock, which is never held while a service is called.
class PushDispatcher {
 public:
  struct Options {
    PushQueue::Limits queue;
    std::size_t lookups = 256;  // datasets in one call of the push service
  };
  // All outlive the dispatcher. Callbacks of calls under way may come even later.
  struct Parts {
    const PushPools& pools;
    PushTargets& targets;
    PushSender& sender;
    const LeaseGuard& lease;
    PushMetrics& metrics;
    const Clock& wall;
    const Clock& boottime;
    Random& random;
  };

  PushDispatcher(const Options& options, const Parts& parts, PushPositions positions);
  // As Stop.
  ~PushDispatcher();

  PushDispatcher(const PushDispatcher&) = delete;
  PushDispatcher& operator=(const PushDispatcher&) = delete;

  // Takes what was read, and all that was read at or below `read_mark`. Never blocks for long.
  void Deliver(std::vector<PushChange> changes, Position read_mark);

  // For each shard that is held: nothing at or below has to be read again. 0 for the others.
  ShardPositions Pushed() const;
  // Datasets of whose changes devices are to be told.
  std::size_t waiting() const;

  // Calls nobody any more. What is under way may still be answered until Stop().
  void Quit();
  // Quits and ends the thread.
  void Stop();

 private:
  using Lookups = std::vector<PushQueue::Lookup>;
  struct Answered {
    PushQueue::Push push;
    PushSender::Answer answer;
  };
  struct Found {
    Lookups lookups;
    absl::StatusOr<std::vector<std::vector<PushTarget>>> targets;
  };
  struct Told {
    std::vector<PushTargets::Report> reports;
    absl::Status status;
  };
  // Shared with callbacks, which may outlive the dispatcher.
  struct Shared {
    Shared(PushQueue its_queue, std::shared_ptr<const PushPools::Map> its_pools)
        : queue(std::move(its_queue)), pools(std::move(its_pools)) {}

    std::mutex mutex;
    std::condition_variable changed;
    // Guarded by mutex.
    PushQueue queue;
    std::shared_ptr<const PushPools::Map> pools;  // those of what is in the queue, at least
    bool more = false;                            // something came in
    bool quitting = false;
    bool stopping = false;
    std::vector<Answered> answers;
    std::optional<Found> found;
    std::optional<Told> told;
  };
  struct Work {
    std::shared_ptr<const PushPools::Map> pools;
    Lookups lookups;
    std::vector<PushQueue::Push> pushes;
    std::vector<PushTargets::Report> reports;

    bool empty() const { return lookups.empty() && pushes.empty() && reports.empty(); }
  };

  void Loop();
  // The following hold the lock.
  void LearnPools();
  void Heed(absl::Time now);
  void Heed(const Answered& answered, absl::Time now);
  void Heed(const Found& found, absl::Time now);
  void HeedFailure(const Lookups& lookups, const absl::Status& status, absl::Time now);
  void Heed(Told told, absl::Time now);
  Work TakeWork(absl::Time now);
  void Wait(std::unique_lock<std::mutex>& lock, absl::Time now);
  // These do not.
  void LookUp(const PushPools::Map& pools, Lookups lookups);
  void Send(const PushPool& pool, PushQueue::Push push);
  void Tell(std::vector<PushTargets::Report> reports);

  void Report(const PushQueue::Push& push, bool gone);
  void Complain(const char* what, std::string_view error, std::string_view pool_id = "");

  const Options options_;
  const Parts parts_;
  const std::shared_ptr<Shared> shared_;

  // The dispatcher's thread alone.
  bool looking_ = false;
  bool telling_ = false;
  std::size_t batch_;        // datasets to look up at once
  int lookup_failures_ = 0;  // in a row
  int tell_failures_ = 0;
  absl::Time look_at_ = absl::InfinitePast();  // not before
  absl::Time tell_at_ = absl::InfinitePast();
  std::deque<PushTargets::Report> reports_;
  obs::LogLimiter failed_pushes_{absl::Seconds(10)};
  obs::LogLimiter failed_calls_{absl::Seconds(10)};
  std::thread thread_;
};

}  // namespace tidemark::publisher
