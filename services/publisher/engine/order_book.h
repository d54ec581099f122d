#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/publisher/engine/catalogue.h"
#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/metrics.h"
#include "services/publisher/store/orders.h"

namespace tidemark::publisher {

// What operators want of a publisher: pauses go to the catalogue. And what it tells them of its
// destinations, if there is something new. It forgets what concerns pools that are gone. For the
// term's thread.
class OrderBook {
 public:
  // All outlive it.
  struct Parts {
    Orders& orders;
    Catalogue& catalogue;
    Metrics& metrics;
    const Clock& wall;
    const Clock& boottime;
  };
  // Of `member`, which holds the shards `held`. What operators want is read every `interval`.
  OrderBook(absl::Duration interval, const Parts& parts, std::string member, const ShardSet& held);

  // Learns what is wanted, if it is time.
  absl::Status Read();
  // Erases pauses and parked changes of pools that were deleted, and counts what is parked, if it
  // is time.
  absl::Status Tidy();
  // Tells how destinations do: those that lag, are split off, or fail. Every other interval it is
  // due.
  bool TellingIsDue() const { return parts_.boottime.Now() >= tell_at_; }
  absl::Status Tell(const Dispatcher::Report& report);

  // Parked changes that are to be sent again, as they were read since the last call: some of them,
  // and all in turn.
  std::vector<StoredParkedChange> TakeReplays() { return std::exchange(replays_, {}); }

 private:
  absl::Status ForgetGone(absl::Time now);

  const absl::Duration interval_;
  const Parts parts_;
  const std::string member_;
  const ShardSet held_;

  ParkedCursor replays_after_;  // where the next piece of them begins
  std::vector<StoredParkedChange> replays_;
  // What the store has; nullopt: not known, as a call that failed may have been done.
  std::optional<std::vector<DestinationReport>> told_;
  absl::Time read_at_ = absl::InfinitePast();
  std::map<std::int32_t, absl::Time> absent_;  // pools of orders, that no list names; since when
  absl::Time tidy_at_ = absl::InfinitePast();
  absl::Time tell_at_ = absl::InfinitePast();
};

}  // namespace tidemark::publisher
