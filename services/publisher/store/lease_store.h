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
#include "services/publisher/domain/balance.h"
#include "services/publisher/domain/bulk_walk.h"
#include "services/publisher/domain/cursor_tracker.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/store/parked_changes.h"

namespace tidemark::publisher {

// What the database knows of a destination.
struct StoredDestination {
  ShardSet counted;      // where settled positions hold for it
  bool retired = false;  // the log is not kept for it
  // In the shards that were taken.
  absl::flat_hash_map<LogShard, Position> cursors;
  Position gapped_through = 0;                    // 0: nothing was lost
  absl::Time gapped_time = absl::InfinitePast();  // when that was noticed
  std::int64_t parked = 0;                        // changes
};

// How far everything is.
struct StoredState {
  // Of the shards that were taken; 0 for the others. `pushed`: up to where devices were told.
  ShardPositions settled{};
  ShardPositions pushed{};
  std::map<DestinationId, StoredDestination> destinations;
  Position emptied_through = 0;  // of the log
};

// For each shard that is held, its token: greater than any before. 0 for the others.
using FencingTokens = std::array<std::int64_t, kLogShards>;

// The leases of some log shards: proof that a member took them, and what was stored then.
struct Leases {
  ShardSet held;
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

// What has become of a parked change whose replay was asked for.
struct ReplayOutcome {
  ParkedCursor change;
  // Why it was refused again: it stays, until its replay is asked for anew. Nothing: it was
  // delivered, or there is nothing left to deliver, and it is off the list.
  std::optional<std::string> refusal;
  std::int64_t event_bytes = 0;  // of what was refused
};

// How far a bulk publish is in a log shard.
struct BulkRow {
  std::int32_t pool_number = 0;
  std::int64_t job = 0;
  LogShard log_shard;
  BulkShard shard;
};

// A destination that got all that its pool holds by a bulk publish, which began at `since`: what it
// had lost before matters no more.
struct Healed {
  DestinationId destination;
  absl::Time since;
};

// What a holder stores in one transaction.
struct Progress {
  std::optional<CursorUpdate> cursors;
  std::vector<NewlyParked> parked;
  // Destinations that may have lost changes up to a position, as the log had to forget them.
  std::map<DestinationId, Position> gapped;
  std::vector<ReplayOutcome> replays;
  std::vector<BulkRow> bulk;  // of shards that are held
  std::vector<Healed> healed;
  // Up to where devices were told of changes, in the shards that are held; 0 for the others.
  std::optional<ShardPositions> pushed;

  bool empty() const {
    return !cursors && !pushed && parked.empty() && gapped.empty() && replays.empty() &&
           bulk.empty() && healed.empty();
  }
};

// Who holds the log shards, and how far they are. Blocking, one thread at a time. Failures:
// UNAVAILABLE DATABASE_UNAVAILABLE, ABORTED CONCURRENT_CHANGE, DEADLINE_EXCEEDED, INTERNAL.
//
// A member is one process's attempt to publish, under an id that is never used again. It lives for
// `ttl` from each Join and Renew, by the database's clock, and longer until somebody else notices;
// then its shards are free.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;

  // Makes or renews the member, and removes those that expired.
  virtual absl::StatusOr<Standing> Join(const std::string& member, absl::Duration ttl) = 0;

  // Renews the member, and removes others that expired. Nothing: it was removed itself, and holds
  // nothing any more.
  virtual absl::StatusOr<std::optional<Standing>> Renew(const std::string& member,
                                                        absl::Duration ttl) = 0;

  // Takes free shards until the member holds `shards` of them, and answers all that it holds, with
  // new tokens: none if there is no such member. So what it took before without having heard of it
  // is its own.
  virtual absl::StatusOr<Leases> Take(const std::string& member, int shards) = 0;

  // Stores all, or (false) nothing because some of the shards are somebody else's. Storing the same
  // again after an unknown outcome does no harm. DATA_LOSS, and nothing is stored, if this is not
  // the database in which the shards were taken, or if its log ends below what is to be stored.
  virtual absl::StatusOr<bool> Store(const std::string& member, const FencingTokens& tokens,
                                     const Progress& progress) = 0;

  // Gives shards back until `keep` are left: others may take them at once.
  virtual absl::Status GiveBack(const std::string& member, int keep) = 0;

  // Removes the member, which gives all its shards back.
  virtual absl::Status Leave(const std::string& member) = 0;

  // Nothing at or below is needed any more, by any destination that is known and was not turned
  // off, nor to tell devices, in any shard.
  virtual absl::StatusOr<Position> LowMark() = 0;
};

}  // namespace tidemark::publisher
