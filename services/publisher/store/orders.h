#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/store/parked_changes.h"
#include "services/publisher/store/steering.h"

namespace tidemark::publisher {

// What operators want of a publisher.
struct Ordered {
  Pauses pauses;                            // of all pools
  std::vector<StoredParkedChange> replays;  // parked changes to be sent again, by position
};

// The publishers' side of what operators want: see Steering and ParkedChanges. Blocks for a short
// time; one thread at a time. Failures as theirs.
class Orders {
 public:
  // The most destinations in a report.
  static constexpr std::size_t kMaxReports = 1000;

  virtual ~Orders() = default;

  // For the holder of `shards`: at most `limit` replays, of those after `after`.
  virtual absl::StatusOr<Ordered> Read(const ShardSet& shards, const ParkedCursor& after,
                                       int limit) = 0;

  // Changes parked now in these shards.
  virtual absl::StatusOr<std::int64_t> CountParked(const ShardSet& shards) = 0;

  // Numbers of the pools that have a pause, or changes parked in these shards.
  virtual absl::StatusOr<std::set<std::int32_t>> Pools(const ShardSet& shards) = 0;
  // Erases the pauses of these pools, and of what is parked of them in these shards a piece: which
  // pools are left is known by asking again.
  virtual absl::Status Forget(const std::set<std::int32_t>& pools, const ShardSet& shards) = 0;

  // Replaces what `member` told before, at most kMaxReports. Nothing happens if it was removed.
  virtual absl::Status Report(const std::string& member,
                              const std::vector<DestinationReport>& reports) = 0;
};

}  // namespace tidemark::publisher
