#pragma once

#include "absl/status/status.h"

// Why lanes refuse or drop work.
namespace tidemark::pg {

// RESOURCE_EXHAUSTED with QUEUE_FULL and RetryInfo.
absl::Status LaneFull();
// UNAVAILABLE with NOT_READY and RetryInfo: the process stops.
absl::Status LaneStopping();
// DEADLINE_EXCEEDED: it came to nothing, and certainly had no effect.
absl::Status LaneDeadlinePassed();

}  // namespace tidemark::pg
