#include "services/publisher/store/postgres_parked_changes.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/publisher/store/postgres_parked_row.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kListParked{"publisher_list_parked", R"sql(
SELECT position, pool_number, epoch, pool_id, identity_id, dataset_name, kind, sync_count,
       generation, commit_time, event_bytes, reason, park_time, replay_time, log_shard
  FROM publisher.parked_change
 WHERE ($1 = '' OR pool_id = $1) AND (position, pool_number, epoch) > ($2, $3, $4)
 ORDER BY position, pool_number, epoch
 LIMIT $5
)sql"};

constexpr pg::Query kReplayAll{"publisher_replay_all",
                               "UPDATE publisher.parked_change"
                               "   SET replay_time = coalesce(replay_time, clock_timestamp())"
                               " WHERE pool_id = $1"};
constexpr pg::Query kReplaySome{"publisher_replay_some",
                                "UPDATE publisher.parked_change"
                                "   SET replay_time = coalesce(replay_time, clock_timestamp())"
                                " WHERE pool_id = $1 AND position = ANY ($2)"};

constexpr pg::Query kDiscardAll{"publisher_discard_all",
                                "DELETE FROM publisher.parked_change WHERE pool_id = $1"};
constexpr pg::Query kDiscardSome{
    "publisher_discard_some",
    "DELETE FROM publisher.parked_change WHERE pool_id = $1 AND position = ANY ($2)"};

constexpr absl::Duration kPatience = absl::Seconds(1);

}  // namespace

absl::StatusOr<ParkedPage> PostgresParkedChanges::List(const std::string& pool_id,
                                                       const ParkedCursor& after, int limit,
                                                       absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.AcquireAlive(kPatience, deadline));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection->Run(kListParked,
                      pg::Params(pool_id, after.position, after.destination.pool_number,
                                 after.destination.epoch, static_cast<std::int64_t>(limit) + 1),
                      deadline));
  ParkedPage page;
  for (const pg::Row row : result) {
    page.more = static_cast<int>(page.changes.size()) == limit;
    if (page.more) break;
    TM_ASSIGN_OR_RETURN(StoredParkedChange change, ParseParked(row));
    page.changes.push_back(std::move(change));
  }
  return page;
}

absl::StatusOr<std::int64_t> PostgresParkedChanges::Replay(const std::string& pool_id,
                                                           const std::vector<Position>& positions,
                                                           absl::Time deadline) {
  return Change(kReplayAll, kReplaySome, pool_id, positions, deadline);
}

absl::StatusOr<std::int64_t> PostgresParkedChanges::Discard(const std::string& pool_id,
                                                            const std::vector<Position>& positions,
                                                            absl::Time deadline) {
  return Change(kDiscardAll, kDiscardSome, pool_id, positions, deadline);
}

absl::StatusOr<std::int64_t> PostgresParkedChanges::Change(const pg::Query& all,
                                                           const pg::Query& some,
                                                           const std::string& pool_id,
                                                           const std::vector<Position>& positions,
                                                           absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.AcquireAlive(kPatience, deadline));
  const absl::StatusOr<pg::Result> result =
      positions.empty() ? connection->Run(all, pg::Params(pool_id), deadline)
                        : connection->Run(some, pg::Params(pool_id, positions), deadline);
  if (!result.ok()) return result.status();
  return result->affected();
}

}  // namespace tidemark::publisher
