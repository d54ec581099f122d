#pragma once

#include "absl/status/statusor.h"
#include "common/pg/result.h"
#include "services/publisher/store/parked_changes.h"

namespace tidemark::publisher {

// A row of publisher.parked_change with the columns position, pool_number, epoch, pool_id,
// identity_id, dataset_name, kind, sync_count, generation, commit_time, event_bytes, reason,
// park_time, replay_time, log_shard.
absl::StatusOr<StoredParkedChange> ParseParked(const pg::Row& row);

}  // namespace tidemark::publisher
