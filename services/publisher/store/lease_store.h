#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/publisher/domain/cursor_tracker.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// What the database knows of a destination.
struct StoredDestination {
  bool counts = false;  // settled positions hold for it
  absl::flat_hash_map<LogShard, Position> cursors;
  Position gapped_through = 0;  // 0: nothing was lost
  std::int64_t parked = 0;      // changes
};

// How far everything is.
struct StoredState {
  ShardPositions settled{};
  std::map<DestinationId, StoredDestination> destinations;
  Position emptied_through = 0;  // of the log
};

using FencingTokens = std::array<std::int64_t, kLogShards>;

// The leases of all log shards: proof that a member took them, and what was stored then.
struct Leases {
  FencingTokens tokens{};
  StoredState state;
  // Whether what was stored lay above the log's end, as after a careless restore: it was cut back
  // to the end, so that changes which take those positions again are not left out.
  bool cut_back = false;
};

// A change to be stored as parked, with its destination.
struct NewlyParked {
  DestinationId destination;
  ParkedEvent event;
};

// What a holder stores in one transaction.
struct Progress {
  std::optional<CursorUpdate> cursors;
  std::vector<NewlyParked> parked;
  // Destinations that may have lost changes up to a position, as the log had to forget them.
  std::map<DestinationId, Position> gapped;

  bool empty() const { return !cursors && parked.empty() && gapped.empty(); }
};

// Who holds the log shards, and how far they are. Blocking, one thread at a time. Failures:
// UNAVAILABLE DATABASE_UNAVAILABLE, ABORTED CONCURRENT_CHANGE, DEADLINE_EXCEEDED, INTERNAL.
//
// A member is one process's attempt to publish, under an id that is never used again. It lives for
// `ttl` from each Acquire and Renew, by the database's clock, and longer if nobody else wants to
// hold the shards.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;

  // Makes or renews the member, removes those that expired, and takes all shards if nobody else
  // holds any. Nothing if somebody does. After an unknown outcome the same member asks again: what
  // it holds without knowing is taken anew, with greater tokens.
  virtual absl::StatusOr<std::optional<Leases>> Acquire(const std::string& member,
                                                        absl::Duration ttl) = 0;

  // False: the member was removed and holds nothing any more.
  virtual absl::StatusOr<bool> Renew(const std::string& member, absl::Duration ttl) = 0;

  // Stores all, or (false) nothing because the shards were taken by somebody else. Storing the same
  // again after an unknown outcome does no harm. DATA_LOSS, and nothing is stored, if this is not
  // the database in which the shards were taken, or if its log ends below what is to be stored.
  virtual absl::StatusOr<bool> Store(const std::string& member, const FencingTokens& tokens,
                                     const Progress& progress) = 0;

  // Removes the member: others may take its shards at once.
  virtual absl::Status Release(const std::string& member) = 0;
};

}  // namespace tidemark::publisher
