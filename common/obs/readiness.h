#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tidemark::obs {

// Whether the process can serve. Asks its checks over and over on a thread of its own, so that
// nobody who wants to know waits for a database, and notices checks that hang. Without checks the
// process is ready at once. Safe for concurrent use.
class Readiness {
 public:
  // One condition, such as "database". `ask` may block, but should give up within a few seconds;
  // its message is shown to operators.
  struct Check {
    std::string name;
    std::function<absl::Status()> ask;
  };
  struct Options {
    absl::Duration interval = absl::Seconds(1);      // between rounds while ready
    absl::Duration retry = absl::Milliseconds(100);  // between rounds while not ready
    absl::Duration patience = absl::Seconds(5);      // a round that takes longer: not ready
  };
  struct Result {
    std::string name;
    absl::Status status;
  };
  struct Report {
    bool ready = false;
    std::vector<Result> results;  // one for each check, in order
  };

  // `on_change` hears every change, one at a time, first when the process becomes ready. It must
  // not block.
  Readiness(std::vector<Check> checks, const Options& options,
            std::function<void(bool ready)> on_change);

  // Waits for a check that is being asked.
  ~Readiness();

  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // The outcome of the last round. Never waits for a check.
  Report Now() const;

  // Begins a round now, or after the running one: something has changed.
  void Refresh();

  // Not ready from now on: the process is stopping. `on_change` has heard it on return.
  void Stop();

 private:
  using Lock = std::unique_lock<std::mutex>;

  void AskLoop();
  void PublishLoop();
  void Publish(Lock& lock, Report report);
  Report Overdue() const;

  const std::vector<Check> checks_;
  const Options options_;
  const std::function<void(bool)> on_change_;
  std::mutex notifying_;  // held while on_change_ runs; taken before mutex_

  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  Report report_;
  std::optional<Report> answer_;  // of the round asked for last
  std::size_t asking_ = 0;        // which check is being asked
  bool ask_ = false;
  bool refresh_ = false;
  bool stopping_ = false;

  std::thread asker_;
  std::thread publisher_;
};

}  // namespace tidemark::obs
