#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/units.h"
#include "common/obs/log.h"
#include "services/publisher/domain/gap_tracker.h"
#include "services/publisher/engine/catalogue.h"
#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/lease_guard.h"
#include "services/publisher/engine/metrics.h"
#include "services/publisher/engine/push_intake.h"
#include "services/publisher/engine/router.h"
#include "services/publisher/store/change_log.h"

namespace tidemark::publisher {

// Reads the change log on a thread of its own: polls it, often while changes come and more rarely
// while none do, and hands what it finds to the router and to the intake of pushes. It stops while
// there is no room for more, and while the lease does not hold.
//
// Destinations that catch up get a bounded piece of the log after each poll, by turns: however many
// there are, the others wait for one piece at most. A piece ends at the highest position polled and
// leaves out the open gaps, so that it holds nothing that no poll has seen: then, what is in a gap
// is never older than a change of its dataset that was delivered.
//
// Its thread alone calls the router and the intake. The term's thread stops it, and asks for its
// state, as any may; with its lock held it calls nothing.
class LogFollower {
 public:
  struct Options {
    absl::Duration busy_interval = absl::Milliseconds(1);
    absl::Duration idle_interval = absl::Milliseconds(20);
    Position catch_up_positions = 20'000;  // in one piece
    // Of changes on their way to streams that get on. Above it, reading waits for up to
    // `room_patience`, then goes on as far as there is room. More keeps hardly a stream busier, and
    // costs rate: when its turn comes, it has left the processor's caches.
    std::int64_t read_ahead_bytes = 8 * kMiB;
    absl::Duration room_patience = absl::Milliseconds(20);
  };
  struct Parts {
    ChangeLog& log;
    Router& router;
    Dispatcher& dispatcher;
    PushIntake& pushes;
    const Catalogue& catalogue;
    const LeaseGuard& lease;
    Metrics& metrics;
    const Clock& boottime;
  };

  // Reads for the shards `held`, above `start`.
  LogFollower(const Options& options, const Parts& parts, const ShardSet& held, Position start);
  ~LogFollower();

  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  struct State {
    Position hi = 0;
    Position log_end = 0;  // as of the last second
    std::size_t open_gaps = 0;
    absl::Time last_poll;  // by the boottime clock; at first the start; waiting for room counts
    absl::Time newest_commit = absl::InfinitePast();
    bool behind = false;  // the last poll left rows behind
    absl::Status broken;  // not OK: reading ended and must begin again
  };
  State state() const;

  // Ends the thread.
  void Stop();

 private:
  void Loop();
  void Learn();
  absl::Status Poll();
  absl::Status ProveGaps();
  absl::Status CatchUp();
  absl::Status AskForEnd();
  absl::Duration Interval();
  // False once stopped.
  bool Sleep(absl::Duration duration);
  void Note(const LogPage& page);
  void Complain(const absl::Status& status);

  const Options options_;
  const Parts parts_;
  const ShardSet held_;

  // The reader's thread alone.
  GapTracker gaps_;
  std::int64_t catalogue_version_ = 0;
  bool catalogue_current_ = false;
  std::size_t rows_found_ = 0;  // by the last poll
  absl::Duration interval_ = absl::ZeroDuration();
  bool catching_up_ = false;                       // a piece was read after the last poll
  absl::Time catch_up_at_ = absl::InfinitePast();  // not before
  absl::Time ask_for_end_at_ = absl::InfinitePast();
  obs::LogLimiter failures_{absl::Seconds(10)};

  mutable std::mutex mutex_;
  std::condition_variable stop_wanted_;
  bool stopping_ = false;
  State state_;
  std::thread thread_;
};

}  // namespace tidemark::publisher
