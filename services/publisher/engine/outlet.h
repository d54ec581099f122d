#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/obs/log.h"
#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/engine/outlet_load.h"

namespace tidemark::publisher {

// How a destination does, for operators.
struct OutletStats {
  std::int64_t waiting = 0;  // changes read and not delivered
  absl::Time oldest_commit = absl::InfiniteFuture();
  std::int64_t delivered = 0;  // changes, by this process
  std::string last_error;      // empty after a success
  bool split_off = false;      // catches up by itself
  bool paused = false;         // gets nothing until it is resumed
};

// Which outlet an answer is for. A destination that was turned off and is on again has another one,
// which knows nothing of what was under way before.
struct OutletId {
  DestinationId destination;
  std::uint64_t opening = 0;  // which one of the dispatcher's, from 1
};

// A destination with its queue, for the dispatcher's thread.
struct Outlet {
  Outlet(std::uint64_t its_opening, DestinationConfig destination,
         std::shared_ptr<OutletLoad> its_load, const WindowLimits& limits)
      : opening(its_opening),
        config(std::move(destination)),
        load(std::move(its_load)),
        window(limits) {}

  OutletId id() const { return {config.id, opening}; }

  OutletStats Stats() const {
    return {window.waiting() - window.copies(),
            window.OldestCommit(),
            delivered,
            window.last_error(),
            false,
            config.paused};
  }

  const std::uint64_t opening;
  DestinationConfig config;
  const std::shared_ptr<OutletLoad> load;
  DeliveryWindow window;
  Position takes_through = kMaxPosition;  // what is above is dropped: it will be read again
  std::int64_t bytes_in_flight = 0;
  bool runnable = false;                          // stands in the line of those to be looked at
  bool looking = false;                           // finds out what has become of the stream
  bool doubted = false;                           // a request said that there is no such stream
  bool touched = false;                           // since its stats were published
  absl::Time due = absl::InfiniteFuture();        // of its timer, by the boottime clock
  absl::Time limit_until = absl::InfinitePast();  // the stream's record limit is known, likewise
  std::int64_t delivered = 0;
  obs::LogLimiter failures{absl::Seconds(10)};
};

// Logs that a request or some of its records failed, every now and then.
void LogFailure(Outlet& outlet, const SendResult& result, std::string_view traceparent,
                absl::Time now);

// Why a change was parked whose row in the log can't be read. Its identity and dataset are empty.
inline constexpr std::string_view kUnreadableRow =
    "the log's row can't be read; report this as a fault of Tidemark. It can't be replayed, as "
    "nobody knows its dataset: publish the pool in bulk, then discard it";

// The change as it is parked. `reason` says why, and what can be done.
ParkedEvent ParkedFrom(const DestinationConfig& destination, const Event& event,
                       std::string reason);

}  // namespace tidemark::publisher
