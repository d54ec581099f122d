#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/obs/log.h"
#include "services/publisher/engine/push_dispatcher.h"
#include "services/publisher/engine/push_pools.h"
#include "services/publisher/store/change_log.h"

namespace tidemark::publisher {

// Finds the changes that devices are to be told of among what is read from the log. Rows of pools
// without push settings are not looked at. For the reader's thread.
class PushIntake {
 public:
  // All outlive it.
  struct Parts {
    const PushPools& pools;
    PushDispatcher& dispatcher;
    const Clock& boottime;
  };
  explicit PushIntake(const Parts& parts) : parts_(parts), pools_(parts.pools.All()) {}

  // A row of a shard that is held, read live.
  void Take(const LogRow& row) {
    if (!pools_->empty() && pools_->contains(row.pool_number)) Decode(row);
  }
  // Hands over what was taken since the last call. `read_mark` as in CursorTracker. What is taken
  // from now on is by the settings of this moment.
  void Flush(Position read_mark);

 private:
  void Decode(const LogRow& row);

  const Parts parts_;
  std::shared_ptr<const PushPools::Map> pools_;
  std::vector<PushChange> changes_;
  obs::LogLimiter unreadable_{absl::Seconds(10)};
};

}  // namespace tidemark::publisher
