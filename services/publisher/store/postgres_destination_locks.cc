#include "services/publisher/store/postgres_destination_locks.h"

#include <cstdint>
#include <set>
#include <vector>

#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kMake{
    "publisher_make_destinations",
    "INSERT INTO publisher.destination (pool_number, epoch)"
    " SELECT * FROM unnest($1::integer[], $2::bigint[]) ORDER BY 1, 2 ON CONFLICT DO NOTHING"};

constexpr pg::Query kLock{"publisher_lock_destinations",
                          "SELECT 1 FROM publisher.destination AS d"
                          "  JOIN unnest($1::integer[], $2::bigint[]) AS changed (pool, e)"
                          "    ON (d.pool_number, d.epoch) = (changed.pool, changed.e)"
                          " ORDER BY d.pool_number, d.epoch FOR NO KEY UPDATE OF d"};

absl::Status Run(pg::Transaction& transaction, const pg::Query& query,
                 const std::set<DestinationId>& ids) {
  if (ids.empty()) return absl::OkStatus();
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> epochs;
  for (const DestinationId& id : ids) {
    pools.push_back(id.pool_number);
    epochs.push_back(id.epoch);
  }
  return transaction.Run(query, pg::Params(pools, epochs)).status();
}

}  // namespace

absl::Status LockDestinations(pg::Transaction& transaction, const Progress& progress) {
  std::set<DestinationId> made;
  for (const auto& [id, through] : progress.gapped) made.insert(id);
  std::set<DestinationId> changed;
  for (const Healed& healed : progress.healed) changed.insert(healed.destination);
  if (progress.cursors) {
    const CursorUpdate& cursors = *progress.cursors;
    for (const auto& [id, start] : cursors.added) made.insert(id);
    for (const Counting& joined : cursors.joined) changed.insert(joined.destination);
    for (const Counting& left : cursors.left) changed.insert(left.destination);
    changed.insert(cursors.retired.begin(), cursors.retired.end());
    changed.insert(cursors.removed.begin(), cursors.removed.end());
  }
  changed.insert(made.begin(), made.end());
  TM_RETURN_IF_ERROR(Run(transaction, kMake, made));
  return Run(transaction, kLock, changed);
}

}  // namespace tidemark::publisher
