#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/obs/log.h"
#include "services/publisher/domain/cursor_tracker.h"
#include "services/publisher/engine/catalogue.h"
#include "services/publisher/engine/copying.h"
#include "services/publisher/engine/declared_losses.h"
#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/lease_guard.h"
#include "services/publisher/engine/log_follower.h"
#include "services/publisher/engine/metrics.h"
#include "services/publisher/engine/neighbours.h"
#include "services/publisher/engine/order_book.h"
#include "services/publisher/engine/push_dispatcher.h"
#include "services/publisher/engine/push_intake.h"
#include "services/publisher/engine/record_store.h"
#include "services/publisher/engine/replayer.h"
#include "services/publisher/engine/router.h"
#include "services/publisher/engine/snapshots.h"
#include "services/publisher/engine/stop_flag.h"
#include "services/publisher/engine/stream_sender.h"
#include "services/publisher/store/bulk_store.h"
#include "services/publisher/store/change_log.h"
#include "services/publisher/store/lease_store.h"
#include "services/publisher/store/orders.h"

namespace tidemark::publisher {

// How the publisher works.
struct Settings {
  std::string name;  // of this process, for people who look at the database
  Dispatcher::Options dispatcher;
  LogFollower::Options follower;
  PushDispatcher::Options push;
  // How long a publisher that died keeps others from taking over.
  absl::Duration lease_ttl = absl::Seconds(5);
  // How often one that holds no log shards asks for some.
  absl::Duration lease_retry = absl::Milliseconds(500);
  // How often progress is stored: what a crash makes arrive again.
  absl::Duration store_interval = absl::Milliseconds(250);
  // How often that of log shards is stored in which nothing was delivered: how much of the log is
  // read once more after a crash. So a trickle of changes does not write all 256 leases each time.
  absl::Duration store_all_interval = absl::Seconds(5);
  absl::Duration low_mark_interval = absl::Seconds(10);
  // How often it looks what operators want of it.
  absl::Duration order_interval = absl::Seconds(1);
  // How long an orderly end waits for requests in flight.
  absl::Duration grace = absl::Seconds(2);
};

// What the publisher works with. All outlive it.
struct Surroundings {
  ChangeLog& log;
  LeaseStore& leases;
  Orders& orders;
  StreamSender& sender;
  RecordStore& records;
  Snapshots& snapshots;
  BulkStore& bulk;
  Neighbours& neighbours;
  Catalogue& catalogue;
  const PushPools& push_pools;
  PushTargets& push_targets;
  PushSender& push_sender;
  Metrics& metrics;
  PushMetrics& push_metrics;
  const Clock& wall;
  const Clock& boottime;
  Random& random;
};

// The time between taking some log shards and giving them back, losing them, or taking others:
// reads and sends on threads of its own, while its owner's thread stores progress and renews the
// leases. Below, Run() is for that thread; what tells how it stands, for any.
//
// Each of its parts is declared after those that it calls, and so ends before them. Callbacks of
// what it works with may come later still: they find an inbox that they share, and no reader.
class Term {
 public:
  // `member` took the leases; there is one at least.
  Term(const Settings& settings, const Surroundings& surroundings, LeaseGuard& guard,
       std::string member, Leases taken);
  // Ends reading and sending at once.
  ~Term() = default;

  enum class End {
    kStopped,
    kLost,    // somebody else holds the shards
    kMoving,  // there are shards to be given back or taken
    kBroken,  // reading must begin again
  };
  // Works until `stop` is set, shards are to move, or it can't go on. In the first two cases it
  // finishes what is in flight and stores all progress. Once reading is broken, nothing more is
  // stored.
  End Run(const StopFlag& stop);

  struct Standing {
    std::int64_t parked = 0;  // ever
    Position gapped_through = 0;
    absl::Time gapped_time = absl::InfinitePast();
  };
  std::map<DestinationId, Standing> standings() const;
  Dispatcher::Report report() const { return dispatcher_.report(); }
  LogFollower::State follower() const { return follower_.state(); }
  std::size_t pushes_waiting() const { return pushes_.waiting(); }
  const ShardSet& held() const { return held_; }

 private:
  // Each: whether to go on; false only once the leases are known to be lost. What fails (true, too)
  // is tried again with the next tick.
  bool Tick();
  bool Renew();
  bool StoreProgress(CursorTracker::Shards shards);
  void TakePushed(Progress& progress) const;

  void HeedOperators();
  void Confirm(const Progress& progress);
  void ReportLowMark();
  void Measure();
  void Complain(const char* what, const absl::Status& status);

  const Settings settings_;
  const Surroundings around_;
  LeaseGuard& guard_;
  const std::string member_;
  const ShardSet held_;
  const FencingTokens tokens_;

  OrderBook order_book_;
  CursorTracker tracker_;
  DeclaredLosses losses_;
  CopyGuards guards_;
  const std::shared_ptr<CopyInbox> copy_inbox_ = std::make_shared<CopyInbox>();
  Dispatcher dispatcher_;
  PushDispatcher pushes_;
  PushIntake push_intake_;
  Router router_;
  LogFollower follower_;
  Copying copying_;
  Replayer replayer_;

  absl::Time renew_at_ = absl::InfinitePast();
  absl::Time store_all_at_ = absl::InfinitePast();
  absl::Time report_at_ = absl::InfinitePast();
  absl::Time measure_at_ = absl::InfinitePast();
  bool moving_ = false;  // as the last renewal told
  Position next_low_mark_ = 0;
  ShardPositions stored_pushed_;
  obs::LogLimiter failures_{absl::Seconds(10)};

  mutable std::mutex mutex_;
  std::map<DestinationId, Standing> standings_;
};

}  // namespace tidemark::publisher
