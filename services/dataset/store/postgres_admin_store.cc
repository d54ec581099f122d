#include "services/dataset/store/postgres_admin_store.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/backoff.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "services/dataset/store/postgres_changes.h"
#include "services/dataset/store/postgres_erase.h"
#include "services/dataset/store/postgres_merge.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kConnectPatience = absl::Seconds(1);
constexpr absl::Duration kFirstRetry = absl::Milliseconds(5);
constexpr absl::Duration kLongestRetry = absl::Milliseconds(500);
// How long a call waits for rows that others hold: whoever holds them may do so for long, and
// others wait for their turn.
constexpr absl::Duration kLockPatience = absl::Seconds(2);

constexpr pg::Query kMarkPool{
    "dataset_mark_pool",
    "WITH holding AS (SELECT count(*) AS n FROM dataset.identity WHERE pool_id = $1),"
    " marked AS ("
    "  INSERT INTO dataset.pool_purge (pool_id, requested_time)"
    "  SELECT $1, now() WHERE $2 ON CONFLICT DO NOTHING)"
    " SELECT n FROM holding"};
constexpr pg::Query kAddSessions{
    "dataset_add_sessions",
    "INSERT INTO dataset.pool_usage AS u (pool_id, sync_sessions)"
    " SELECT pool_id, sum(sessions) FROM unnest($1::text[], $2::bigint[]) AS s (pool_id, sessions)"
    "  GROUP BY pool_id ORDER BY pool_id"
    " ON CONFLICT (pool_id) DO UPDATE SET sync_sessions = u.sync_sessions + "
    "excluded.sync_sessions"};
constexpr pg::Query kDescribePools{
    "dataset_describe_pools",
    "SELECT coalesce(u.sync_sessions, 0), coalesce(u.bytes, 0) + coalesce(d.bytes, 0),"
    "       greatest(u.modified_time, d.modified_time)"
    "  FROM unnest($1::text[]) WITH ORDINALITY AS asked (pool_id, n)"
    "  LEFT JOIN dataset.pool_usage AS u ON u.pool_id = asked.pool_id"
    " CROSS JOIN LATERAL"
    "   (SELECT sum(bytes)::bigint AS bytes, max(modified_time) AS modified_time"
    "      FROM dataset.usage_delta AS d WHERE d.pool_id = asked.pool_id) AS d"
    " ORDER BY asked.n"};

}  // namespace

PostgresAdminStore::PostgresAdminStore(const pg::ConnectOptions& options, Random& random)
    : connections_(options, nullptr, random), random_(random) {}

template <typename T>
absl::StatusOr<T> PostgresAdminStore::Retried(absl::Time deadline, const Attempt<T>& attempt) {
  Backoff backoff(kFirstRetry, kLongestRetry, random_);
  const absl::Time lock_deadline = absl::Now() + kLockPatience;
  while (true) {
    const absl::Duration patience = std::min(deadline - absl::Now(), kConnectPatience);
    TM_ASSIGN_OR_RETURN(pg::Connection* const connection,
                        connections_.AcquireAlive(patience, deadline));
    absl::StatusOr<T> outcome = attempt(*connection);
    const bool locked = errors::SqlStateOf(outcome.status()) == "55P03";
    const absl::Time until = locked ? std::min(deadline, lock_deadline) : deadline;
    const absl::Duration pause = backoff.Next();
    if (!absl::IsAborted(outcome.status()) || absl::Now() + pause >= until) return outcome;
    absl::SleepFor(pause);
  }
}

absl::StatusOr<DeleteOutcome> PostgresAdminStore::Delete(const DeleteRequest& request,
                                                         absl::Time deadline) {
  return Retried<DeleteOutcome>(deadline, [&](pg::Connection& connection) {
    return DeleteDataset(connection, request, deadline);
  });
}

absl::StatusOr<std::vector<DatasetInfo>> PostgresAdminStore::Merge(const MergeRequest& request,
                                                                   absl::Time deadline) {
  return Retried<std::vector<DatasetInfo>>(deadline, [&](pg::Connection& connection) {
    return MergeOnce(connection, request, deadline);
  });
}

absl::StatusOr<Erased> PostgresAdminStore::Erase(const EraseRequest& request, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(Erased erased, Retried<Erased>(deadline, [&](pg::Connection& connection) {
                        return EraseOnce(connection, request, deadline);
                      }));
  for (bool gone = false; !gone;) {
    TM_ASSIGN_OR_RETURN(gone, Retried<bool>(deadline, [&](pg::Connection& connection) {
                          return PurgeErased(connection, request.identity, deadline);
                        }));
  }
  const auto in_log = Retried<std::int64_t>(deadline, [&](pg::Connection& connection) {
    return CountInLog(connection, request.identity.owner, deadline);
  });
  erased.change_log_rows = in_log.value_or(-1);  // the erasure holds all the same
  return erased;
}

absl::StatusOr<std::int64_t> PostgresAdminStore::PurgePool(const std::string& pool_id, bool force,
                                                           absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(
      const std::int64_t holding,
      Retried<std::int64_t>(
          deadline, [&](pg::Connection& connection) -> absl::StatusOr<std::int64_t> {
            TM_ASSIGN_OR_RETURN(const pg::Result result,
                                connection.Run(kMarkPool, pg::Params(pool_id, force), deadline));
            TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
            return std::get<0>(row);
          }));
  if (holding > 0 && !force) {
    return errors::Error(
        absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_POOL_NOT_EMPTY,
        absl::StrCat(holding, " identities hold data in this pool; erase them first, or force"));
  }
  return holding;
}

absl::Status PostgresAdminStore::AddSessions(
    std::span<const std::pair<std::string, std::int64_t>> sessions, absl::Time deadline) {
  std::vector<std::string> pool_ids;
  std::vector<std::int64_t> counts;
  for (const auto& [pool_id, count] : sessions) {
    pool_ids.push_back(pool_id);
    counts.push_back(count);
  }
  return Retried<pg::Result>(deadline,
                             [&](pg::Connection& connection) {
                               return connection.Run(kAddSessions, pg::Params(pool_ids, counts),
                                                     deadline);
                             })
      .status();
}

absl::StatusOr<std::vector<PoolUsage>> PostgresAdminStore::DescribePools(
    std::span<const std::string> pool_ids, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      Retried<pg::Result>(deadline, [&](pg::Connection& connection) {
                        return connection.Run(kDescribePools, pg::Params(pool_ids), deadline);
                      }));
  TM_ASSIGN_OR_RETURN(const auto rows,
                      (result.ParseAll<std::int64_t, std::int64_t, std::optional<absl::Time>>()));
  std::vector<PoolUsage> usages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& [sessions, bytes, modified_time] = rows[i];
    usages.push_back({pool_ids[i], sessions, bytes, modified_time});
  }
  return usages;
}

}  // namespace tidemark::dataset
