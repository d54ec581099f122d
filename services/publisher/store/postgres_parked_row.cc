#include "services/publisher/store/postgres_parked_row.h"

#include <cstdint>
#include <string>
#include <utility>

#include "common/base/status_macros.h"

namespace tidemark::publisher {

absl::StatusOr<StoredParkedChange> ParseParked(const pg::Row& row) {
  TM_ASSIGN_OR_RETURN(
      auto fields,
      (row.Parse<std::int64_t, std::int32_t, std::int64_t, std::string, std::string, std::string,
                 std::int16_t, std::int64_t, std::int64_t, absl::Time, std::int64_t, std::string,
                 absl::Time, std::optional<absl::Time>, std::int16_t>()));
  auto& [position, pool_number, epoch, pool, identity, dataset, kind, count, generation, commit,
         bytes, reason, parked, replay, log_shard] = fields;
  StoredParkedChange change;
  change.destination = {pool_number, epoch};
  change.event.position = position;
  change.event.log_shard = LogShard(static_cast<std::uint8_t>(log_shard));
  change.event.pool_id = std::move(pool);
  change.event.identity_id = std::move(identity);
  change.event.change = {std::move(dataset), static_cast<ChangeKind>(kind), count, generation};
  change.event.commit_time = commit;
  change.event.event_bytes = bytes;
  change.event.reason = std::move(reason);
  change.park_time = parked;
  change.replay_time = replay;
  return change;
}

}  // namespace tidemark::publisher
