#pragma once

#include <cstdint>
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
};

// Where a list of parked changes goes on: after this one.
struct ParkedCursor {
  Position position = 0;
  DestinationId destination;
};

struct ParkedPage {
  std::vector<StoredParkedChange> changes;
  bool more = false;
};

// The parked changes, to be shown. Blocks; one thread at a time.
class ParkedChanges {
 public:
  virtual ~ParkedChanges() = default;

  // Of the pool (empty: of all) after `after`, in order of position, at most `limit`.
  virtual absl::StatusOr<ParkedPage> List(const std::string& pool_id, const ParkedCursor& after,
                                          int limit, absl::Time deadline) = 0;
};

}  // namespace tidemark::publisher
