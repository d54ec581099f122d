#include "services/publisher/store/postgres_replays.h"

#include <cstdint>

#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kUnpark{
    "publisher_unpark",
    "DELETE FROM publisher.parked_change AS p"
    " USING unnest($1::bigint[], $2::integer[], $3::bigint[]) AS gone (position, pool, e)"
    " WHERE (p.position, p.pool_number, p.epoch) = (gone.position, gone.pool, gone.e)"};

constexpr pg::Query kRefuseReplay{
    "publisher_refuse_replay",
    "UPDATE publisher.parked_change SET reason = $4, event_bytes = $5, replay_time = NULL"
    " WHERE position = $1 AND pool_number = $2 AND epoch = $3"};

}  // namespace

absl::Status StoreReplays(pg::Transaction& transaction, const std::vector<ReplayOutcome>& replays) {
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> epochs;
  std::vector<Position> positions;
  for (const auto& [change, refusal, event_bytes] : replays) {
    if (!refusal) {
      pools.push_back(change.destination.pool_number);
      epochs.push_back(change.destination.epoch);
      positions.push_back(change.position);
      continue;
    }
    TM_RETURN_IF_ERROR(
        transaction
            .Run(kRefuseReplay, pg::Params(change.position, change.destination.pool_number,
                                           change.destination.epoch, *refusal, event_bytes))
            .status());
  }
  if (positions.empty()) return absl::OkStatus();
  return transaction.Run(kUnpark, pg::Params(positions, pools, epochs)).status();
}

}  // namespace tidemark::publisher
