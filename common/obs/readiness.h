#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tidemark::obs {

// Whether the process can serve: asks its checks over and over on a thread of its own, so that
// nobody who wants to know waits for a database. Without checks it is ready at once.
class Readiness {
 public:
  // One condition, such as "database". `ask` may block, better within a second or two; its message
  // is shown to operators.
  struct Check {
    std::string name;
    std::function<absl::Status()> ask;
  };
  struct Options {
    absl::Duration interval = absl::Seconds(1);      // between rounds while ready
    absl::Duration retry = absl::Milliseconds(100);  // while not ready
    absl::Duration stale_after = absl::Seconds(5);   // a round that takes longer: not ready
  };
  struct Result {
    std::string name;
    absl::Status status;
  };
  struct Report {
    bool ready = false;
    std::vector<Result> results;  // one for each check, in order
  };

  // `on_change` hears every change, first of all the first outcome if that is ready; it is called
  // on the object's thread and must not block.
  Readiness(std::vector<Check> checks, Options options, std::function<void(bool ready)> on_change);
  ~Readiness();

  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // The state as of the last round; never blocks for long.
  Report Now() const;

  // Begins a round now, when something has changed.
  void Refresh();

  // Not ready from now on: the process is stopping. `on_change` has been called on return.
  void Stop();

 private:
  struct State;

  void Loop();
  Report Ask() const;

  const std::vector<Check> checks_;
  const Options options_;
  const std::function<void(bool)> on_change_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Report report_;
  absl::Time asked_at_;  // when the running round began, or the last one ended
  bool asking_ = false;
  bool refresh_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidemark::obs
