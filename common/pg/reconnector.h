#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/pg/connection.h"
#include "common/pg/options.h"

namespace tidemark::pg {

// One connection that is opened anew when it breaks. Attempts are made on a thread of their own and
// spaced by a backoff of 50 ms to 2 s, so that a server that is gone, or hangs, delays its user by
// no more than it allows. For one thread; a new connection prepares its statements anew.
class Reconnector {
 public:
  // Opens nothing yet. `attempted`, if given, is called after each attempt, on another thread.
  explicit Reconnector(ConnectOptions options, std::function<void()> attempted = nullptr,
                       Random& random = SystemRandom());
  // Waits for an attempt that is under way: connect_timeout at most.
  ~Reconnector();

  Reconnector(const Reconnector&) = delete;
  Reconnector& operator=(const Reconnector&) = delete;

  // The connection, valid until the next call. If it is not Healthy() it is closed, and an attempt
  // for another is begun unless one is under way or its time has not come; waits for that for at
  // most `patience`. Fails with the last attempt's error: UNAVAILABLE, or as Connection::Open.
  absl::StatusOr<Connection*> Acquire(absl::Duration patience);

  // The same, but the server is asked first whether it knows the session still: one that a restart
  // of the server ended is found broken only when it is used. For calls that are rare, and that
  // nobody repeats.
  absl::StatusOr<Connection*> AcquireAlive(absl::Duration patience, absl::Time deadline);

 private:
  void Attempt();

  const ConnectOptions options_;
  const std::function<void()> attempted_;
  Backoff backoff_;
  std::optional<Connection> connection_;
  absl::Status last_error_;
  absl::Time next_attempt_ = absl::InfinitePast();  // by the boottime clock

  std::thread thread_;  // of the last attempt
  std::mutex mutex_;
  std::condition_variable changed_;
  bool attempting_ = false;
  std::optional<absl::StatusOr<Connection>> outcome_;  // of the last attempt, until it is taken
};

}  // namespace tidemark::pg
