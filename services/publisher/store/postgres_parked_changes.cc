#include "services/publisher/store/postgres_parked_changes.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kListParked{"publisher_list_parked", R"sql(
SELECT position, pool_number, epoch, pool_id, identity_id, dataset_name, kind, sync_count,
       generation, commit_time, event_bytes, reason, park_time
  FROM publisher.parked_change
 WHERE ($1 = '' OR pool_id = $1) AND (position, pool_number, epoch) > ($2, $3, $4)
 ORDER BY position, pool_number, epoch
 LIMIT $5
)sql"};

constexpr absl::Duration kPatience = absl::Seconds(1);

}  // namespace

absl::StatusOr<ParkedPage> PostgresParkedChanges::List(const std::string& pool_id,
                                                       const ParkedCursor& after, int limit,
                                                       absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(kPatience));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection->Run(kListParked,
                      pg::Params(pool_id, after.position, after.destination.pool_number,
                                 after.destination.epoch, static_cast<std::int64_t>(limit) + 1),
                      deadline));
  ParkedPage page;
  for (int i = 0; i < result.size(); ++i) {
    page.more = static_cast<int>(page.changes.size()) == limit;
    if (page.more) break;
    TM_ASSIGN_OR_RETURN(
        auto fields, (result[i]
                          .Parse<std::int64_t, std::int32_t, std::int64_t, std::string, std::string,
                                 std::string, std::int16_t, std::int64_t, std::int64_t, absl::Time,
                                 std::int64_t, std::string, absl::Time>()));
    auto& [position, pool_number, epoch, pool, identity, dataset, kind, count, generation, commit,
           bytes, reason, parked] = fields;
    StoredParkedChange& change = page.changes.emplace_back();
    change.destination = {pool_number, epoch};
    change.event.position = position;
    change.event.pool_id = std::move(pool);
    change.event.identity_id = std::move(identity);
    change.event.change = {std::move(dataset), static_cast<ChangeKind>(kind), count, generation};
    change.event.commit_time = commit;
    change.event.event_bytes = bytes;
    change.event.reason = std::move(reason);
    change.park_time = parked;
  }
  return page;
}

}  // namespace tidemark::publisher
