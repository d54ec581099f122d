#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/obs/log.h"
#include "services/publisher/engine/copy_guards.h"
#include "services/publisher/engine/copy_inbox.h"
#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/metrics.h"
#include "services/publisher/engine/snapshots.h"

namespace tidemark::publisher {

// Sends copies of datasets, as they are now, in the lines of their keys; one that turns out stale
// is read again, until one gets through. For one thread, but for Send().
class Copier {
 public:
  struct Parts {
    Dispatcher& dispatcher;
    CopyGuards& guards;
    Snapshots& snapshots;
    Metrics& metrics;
    const Clock& boottime;
  };
  // Callbacks come to `inbox`.
  Copier(std::shared_ptr<CopyInbox> inbox, const Parts& parts)
      : inbox_(std::move(inbox)), parts_(parts) {}

  // How the sending of a dataset ended.
  struct End {
    using Kind = Metrics::CopyEnd;
    Kind kind = Kind::kDelivered;
    std::int64_t bytes = 0;  // of the record
    std::string error;       // with kRefused
  };
  // On the copier's thread. If the copier ends first, it is never called.
  using Done = std::function<void(const End&)>;

  // Reads a dataset and sends what it holds by then, or its deletion. Any thread may call it.
  void Send(const DestinationConfig& destination, DatasetName dataset, Done done);

  // Sends copies that were read, each with its Done; a dataset that turns out deleted is gone.
  void SendRead(const DestinationConfig& destination, std::shared_ptr<const CopyGuards::Read> read,
                std::vector<Event> copies, std::vector<Done> dones);

  // Whether so many copies wait for the destination that no more should be read.
  bool IsFull(DestinationId destination) const;

  void Handle(const std::vector<CopyOutcome>& outcomes);
  // Begins to read what is to be read. Call it every now and then.
  void Tick();

 private:
  struct Pending {
    DestinationId destination;
    DatasetName dataset;
    bool send_deletion = false;
    std::int64_t bytes = 0;  // of memory, in line; 0: not there
    Done done;
  };
  struct Destination {
    std::string pool_id;
    std::deque<std::uint64_t> to_read;
    bool reading = false;
    absl::Time retry_at = absl::InfinitePast();
    // In line.
    std::int64_t copies = 0;
    std::int64_t bytes = 0;
  };
  using Tickets = std::vector<std::uint64_t>;

  void ReadSome(DestinationId id, Destination& destination);
  void Found(DestinationId id, const Tickets& tickets, std::shared_ptr<const CopyGuards::Read> read,
             const absl::StatusOr<Snapshots::Found>& found);
  void Enter(std::uint64_t ticket, Pending& pending, Event& copy);
  void LeaveLine(Pending& pending);
  void Finish(std::uint64_t ticket, const End& end);
  void GiveUpAll(DestinationId id);

  const std::shared_ptr<CopyInbox> inbox_;
  const Parts parts_;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::map<DestinationId, Destination> destinations_;
  obs::LogLimiter failures_{absl::Seconds(10)};
};

}  // namespace tidemark::publisher
