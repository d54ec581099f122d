#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// A parked change as it is kept.
struct StoredParkedChange {
  DestinationId destination;
  ParkedEvent event;
  absl::Time park_time;
  std::optional<absl::Time> replay_time;  // when its replay was asked for
};

// Where a list of parked changes goes on: after this one.
struct ParkedCursor {
  Position position = 0;
  DestinationId destination;

  friend auto operator<=>(const ParkedCursor&, const ParkedCursor&) = default;
};

struct ParkedPage {
  std::vector<StoredParkedChange> changes;
  bool more = false;
};

// The parked changes, for operators. Blocks; one thread at a time. Failures: UNAVAILABLE
// DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL.
class ParkedChanges {
 public:
  virtual ~ParkedChanges() = default;

  // Of the pool (empty: of all) after `after`, in order of position, at most `limit`.
  virtual absl::StatusOr<ParkedPage> List(const std::string& pool_id, const ParkedCursor& after,
                                          int limit, absl::Time deadline) = 0;

  // Of the pool those at `positions`, or all if there are none: has them sent again, or takes them
  // off the list. How many there are; those whose replay was asked for before are counted, too.
  virtual absl::StatusOr<std::int64_t> Replay(const std::string& pool_id,
                                              const std::vector<Position>& positions,
                                              absl::Time deadline) = 0;
  virtual absl::StatusOr<std::int64_t> Discard(const std::string& pool_id,
                                               const std::vector<Position>& positions,
                                               absl::Time deadline) = 0;
};

}  // namespace tidemark::publisher
