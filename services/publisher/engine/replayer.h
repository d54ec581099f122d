#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "services/publisher/domain/types.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Sends parked changes again whose replay was asked for: of each dataset concerned, what it holds
// by then, once, to the stream that its pool has now. While that is off or paused, they wait. Safe
// for concurrent use.
class Replayer {
 public:
  // A dataset of which a copy is sent.
  struct Dataset {
    std::string identity_id;
    std::string name;

    friend auto operator<=>(const Dataset&, const Dataset&) = default;
  };
  // How that ended.
  struct End {
    enum class Kind {
      kDone,     // delivered, or there is nothing left to deliver
      kRefused,  // for good
      kGivenUp,  // the destination was turned off or replaced
    };
    Kind kind = Kind::kDone;
    std::string error;  // with kRefused
  };
  // Sends a copy of the dataset as it is after the call. `done` is called at most once, on any
  // thread; it may outlive the replayer.
  using SendCopy = std::function<void(const DestinationConfig& destination, const Dataset& dataset,
                                      std::function<void(const End&)> done)>;

  explicit Replayer(SendCopy send) : send_(std::move(send)) {}

  // Begins with those that are not under way. `all`: the destinations that exist.
  void Begin(const std::vector<StoredParkedChange>& replays,
             const std::vector<DestinationConfig>& all);

  // Moves what has ended into `progress`. Then either of these: it was stored, or it was not.
  void Take(Progress& progress);
  void Confirm(const Progress& progress);
  void PutBack(const Progress& progress);

 private:
  using Key = std::pair<DestinationId, Dataset>;
  // Shared with callbacks.
  struct State {
    std::mutex mutex;
    std::set<Key> sending;
    std::set<ParkedCursor> under_way;  // until their outcome is stored
    std::vector<ReplayOutcome> ended;
  };

  static void RefuseUnreadable(State& state, const StoredParkedChange& replay);
  static void Ended(State& state, const Key& key, const std::vector<StoredParkedChange>& changes,
                    const End& end);

  const SendCopy send_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tidemark::publisher
