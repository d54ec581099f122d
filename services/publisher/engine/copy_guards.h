#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "services/publisher/domain/copy_freshness.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// Keeps stale copies from entering the lines of destinations: see CopyFreshness. Safe for
// concurrent use. While nothing is read, changes pass at the price of looking at a number.
class CopyGuards {
  struct State {
    std::atomic<int> open = 0;  // reads
    std::mutex mutex;
    std::map<DestinationId, CopyFreshness> destinations;
  };

 public:
  // A read of datasets, from before it begins until its copies have entered a line or were given
  // up.
  class Read {
   public:
    Read(std::shared_ptr<State> state, DestinationId destination)
        : state_(std::move(state)), destination_(destination) {
      const std::lock_guard lock(state_->mutex);
      read_ = state_->destinations[destination_].Begin();
      ++state_->open;
    }
    ~Read() {
      const std::lock_guard lock(state_->mutex);
      const auto it = state_->destinations.find(destination_);
      it->second.End(read_);
      if (!it->second.open()) state_->destinations.erase(it);
      --state_->open;
    }
    Read(const Read&) = delete;
    Read& operator=(const Read&) = delete;

    bool IsStale(const Event& copy) const {
      const std::lock_guard lock(state_->mutex);
      return state_->destinations.at(destination_)
          .IsStale(read_, copy.key, copy.change.dataset_name, copy.change.sync_count);
    }

   private:
    const std::shared_ptr<State> state_;
    const DestinationId destination_;
    CopyFreshness::Read read_ = 0;
  };

  // To be called before the read begins.
  std::shared_ptr<const Read> Begin(DestinationId destination) {
    return std::make_shared<const Read>(state_, destination);
  }

  // A change enters a line of the destination. If no read is open now, the change was committed
  // before any that may begin.
  void Note(DestinationId destination, const Event& change) {
    if (state_->open == 0) return;
    const std::lock_guard lock(state_->mutex);
    const auto it = state_->destinations.find(destination);
    if (it == state_->destinations.end()) return;
    it->second.Note(change.key, change.change.dataset_name, change.change.sync_count);
  }

 private:
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tidemark::publisher
