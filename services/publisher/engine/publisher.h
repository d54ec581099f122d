#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/publisher/engine/lease_guard.h"
#include "services/publisher/engine/term.h"

namespace tidemark::publisher {

// How a destination does.
struct DestinationView {
  DestinationConfig config;
  OutletStats stats;
  std::int64_t parked = 0;      // changes, ever
  Position gapped_through = 0;  // 0: nothing was lost
};

// How this publisher does.
struct PublisherView {
  std::string member;  // its id; empty before it tries to publish
  int log_shards_held = 0;
  Position read_position = 0;
  std::size_t open_gaps = 0;
  std::size_t pushes_waiting = 0;             // datasets of whose changes devices are to be told
  std::vector<DestinationView> destinations;  // by pool id
};

// Publishes the log shards that it holds, on a thread of its own: as many as is fair among the
// publishers that are alive. When that changes, it stops for a moment, gives some back or takes
// more, and goes on. Safe for concurrent use.
class Publisher {
 public:
  Publisher(const Settings& settings, const Surroundings& surroundings);
  // Stop().
  ~Publisher();

  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  PublisherView View() const;

  // OK if it holds log shards and gets on: UNAVAILABLE says what is missing.
  absl::Status CheckLease() const;
  absl::Status CheckProgress() const;

  // Finishes what is in flight, stores progress and gives the leases back.
  void Stop();

 private:
  void Loop();
  // Works as this member, until it is stopped or must begin anew as another one.
  void ServeAs(const std::string& member);
  // Its fair share of the log shards, once there are any for it; nothing once stopped.
  std::optional<Leases> Await(const std::string& member);
  absl::StatusOr<Leases> TakeShare(const std::string& member);
  absl::Status LearnPauses();
  Term::End Serve(const std::string& member, Leases taken);
  // The term that others may look at, and none any more.
  Term& Install(std::unique_ptr<Term> term);
  void TakeDown();
  void Leave(const std::string& member);
  std::string NewMember();

  const Settings settings_;
  const Surroundings around_;
  LeaseGuard guard_;
  StopFlag stop_;
  obs::LogLimiter failures_{absl::Seconds(10)};

  mutable std::mutex mutex_;
  std::string member_;
  std::unique_ptr<Term> term_;  // none: waiting
  std::thread thread_;
};

}  // namespace tidemark::publisher
