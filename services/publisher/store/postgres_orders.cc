#include "services/publisher/store/postgres_orders.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/query.h"
#include "services/publisher/store/postgres_parked_row.h"
#include "services/publisher/store/postgres_pauses.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kReplays{"publisher_replays", R"sql(
SELECT position, pool_number, epoch, pool_id, identity_id, dataset_name, kind, sync_count,
       generation, commit_time, event_bytes, reason, park_time, replay_time, log_shard
  FROM publisher.parked_change
 WHERE replay_time IS NOT NULL AND (position, pool_number, epoch) > ($1, $2, $3)
   AND log_shard = ANY ($4)
 ORDER BY position, pool_number, epoch
 LIMIT $5
)sql"};

constexpr pg::Query kCountParked{
    "publisher_count_parked",
    "SELECT count(*) FROM publisher.parked_change WHERE log_shard = ANY ($1)"};

constexpr pg::Query kPools{"publisher_pools_of_orders",
                           "SELECT pool_number FROM publisher.pause UNION"
                           " SELECT pool_number FROM publisher.parked_change"
                           "  WHERE log_shard = ANY ($1)"};

constexpr pg::Query kForgetPauses{"publisher_forget_pauses",
                                  "DELETE FROM publisher.pause WHERE pool_number = ANY ($1)"};

// What is locked is being replayed or discarded.
constexpr pg::Query kForgetParked{"publisher_forget_parked", R"sql(
DELETE FROM publisher.parked_change
 WHERE (position, pool_number, epoch) IN (
   SELECT position, pool_number, epoch FROM publisher.parked_change
    WHERE pool_number = ANY ($1) AND log_shard = ANY ($2)
    LIMIT 2000 FOR UPDATE SKIP LOCKED)
)sql"};

// What is as it was is not written again. The member's row is locked: else it might be removed
// between its being looked at and the rows being made, which then would violate their reference.
constexpr pg::Query kReport{"publisher_report", R"sql(
WITH alive AS (SELECT member_id FROM publisher.member WHERE member_id = $1 FOR KEY SHARE),
     told AS (SELECT * FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::timestamptz[],
                                   $6::boolean[], $7::text[])
                  AS t (pool_number, epoch, waiting, oldest, split_off, error)),
     gone AS (DELETE FROM publisher.report AS r
               WHERE r.member_id = $1
                 AND NOT EXISTS (SELECT 1 FROM told
                                  WHERE (told.pool_number, told.epoch) = (r.pool_number, r.epoch)))
INSERT INTO publisher.report AS r (member_id, pool_number, epoch, waiting_changes,
                                   oldest_commit_time, split_off, last_error)
SELECT alive.member_id, told.* FROM alive, told
    ON CONFLICT (member_id, pool_number, epoch)
    DO UPDATE SET waiting_changes = excluded.waiting_changes,
                  oldest_commit_time = excluded.oldest_commit_time,
                  split_off = excluded.split_off, last_error = excluded.last_error
    WHERE (r.waiting_changes, r.oldest_commit_time, r.split_off, r.last_error)
          IS DISTINCT FROM (excluded.waiting_changes, excluded.oldest_commit_time,
                            excluded.split_off, excluded.last_error)
)sql"};

std::vector<std::int16_t> NumbersOf(const ShardSet& shards) {
  std::vector<std::int16_t> numbers;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i]) numbers.push_back(static_cast<std::int16_t>(i));
  }
  return numbers;
}

}  // namespace

absl::StatusOr<Ordered> PostgresOrders::Read(const ShardSet& shards, const ParkedCursor& after,
                                             int limit) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  const absl::Time deadline = absl::Now() + timeout_;
  Ordered ordered;
  TM_ASSIGN_OR_RETURN(ordered.pauses, LoadPauses(*connection, std::nullopt, deadline));
  TM_ASSIGN_OR_RETURN(const pg::Result replays,
                      connection->Run(kReplays,
                                      pg::Params(after.position, after.destination.pool_number,
                                                 after.destination.epoch, NumbersOf(shards),
                                                 static_cast<std::int64_t>(limit)),
                                      deadline));
  for (const pg::Row row : replays) {
    TM_ASSIGN_OR_RETURN(StoredParkedChange change, ParseParked(row));
    ordered.replays.push_back(std::move(change));
  }
  return ordered;
}

absl::StatusOr<std::int64_t> PostgresOrders::CountParked(const ShardSet& shards) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection->Run(kCountParked, pg::Params(NumbersOf(shards)), absl::Now() + timeout_));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
  return std::get<0>(row);
}

absl::StatusOr<std::set<std::int32_t>> PostgresOrders::Pools(const ShardSet& shards) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection->Run(kPools, pg::Params(NumbersOf(shards)), absl::Now() + timeout_));
  TM_ASSIGN_OR_RETURN(const auto rows, result.ParseAll<std::int32_t>());
  std::set<std::int32_t> pools;
  for (const auto& [number] : rows) pools.insert(number);
  return pools;
}

absl::Status PostgresOrders::Forget(const std::set<std::int32_t>& pools, const ShardSet& shards) {
  const std::vector<std::int32_t> numbers(pools.begin(), pools.end());
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  const absl::Time deadline = absl::Now() + timeout_;
  TM_RETURN_IF_ERROR(connection->Run(kForgetPauses, pg::Params(numbers), deadline).status());
  return connection->Run(kForgetParked, pg::Params(numbers, NumbersOf(shards)), deadline).status();
}

absl::Status PostgresOrders::Report(const std::string& member,
                                    const std::vector<DestinationReport>& reports) {
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> epochs;
  std::vector<std::int64_t> waiting;
  std::vector<absl::Time> oldest;
  std::vector<bool> split_off;
  std::vector<std::string> errors;
  for (std::size_t i = 0; i < std::min(reports.size(), kMaxReports); ++i) {
    const DestinationReport& report = reports[i];
    pools.push_back(report.destination.pool_number);
    epochs.push_back(report.destination.epoch);
    waiting.push_back(report.waiting);
    oldest.push_back(report.oldest_commit);
    split_off.push_back(report.split_off);
    errors.push_back(report.last_error);
  }
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  return connection
      ->Run(kReport, pg::Params(member, pools, epochs, waiting, oldest, split_off, errors),
            absl::Now() + timeout_)
      .status();
}

}  // namespace tidemark::publisher
