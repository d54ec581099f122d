#include "services/dataset/store/postgres_upkeep.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kConnectPatience = absl::Seconds(1);

// A partition is emptied and counted as a whole: the log keeps to its bound in bytes as exactly as
// they are small.
constexpr std::int64_t kPartitionsInBound = 16;
constexpr absl::Duration kTimeAhead = absl::Minutes(2);
constexpr std::int64_t kMostAhead = 4'000'000;

// Dropping makes writers wait for up to 50 ms if a reader is in its way.
constexpr absl::Duration kDropInterval = absl::Seconds(10);
// In one transaction, which needs several locks for each.
constexpr std::int32_t kDropAtOnce = 16;

// Identities of purged pools that somebody holds, for which a pass waits.
constexpr int kMostBusy = 3;

constexpr pg::Query kExtend{"upkeep_extend_log", "SELECT dataset.extend_change_log($1, $2, $3)"};
constexpr pg::Query kDrop{"upkeep_drop_log", "SELECT dataset.drop_change_log_partitions($1, $2)"};
constexpr pg::Query kEmpty{"upkeep_empty_log",
                           "SELECT first_position, end_position, passed"
                           " FROM dataset.empty_change_log(make_interval(secs => $1::bigint), $2)"};
// Of the partition that publishers are in, the part that they have not passed.
constexpr pg::Query kMeasure{
    "upkeep_measure_log",
    "SELECT p.bytes, p.needed_bytes, p.attached, p.ahead, e.log_end,"
    "       coalesce((SELECT extract(epoch FROM clock_timestamp() - commit_time)"
    "                   FROM dataset.change_log WHERE position > s.low_mark"
    "                  ORDER BY position LIMIT 1), 0)::bigint"
    "  FROM dataset.change_log_state AS s"
    " CROSS JOIN (SELECT dataset.change_log_end() AS log_end) AS e"
    " CROSS JOIN LATERAL"
    "   (SELECT coalesce(sum(bytes), 0)::bigint AS bytes,"
    "           coalesce(sum(bytes * (last - greatest(first_position - 1, s.low_mark))"
    "                        / (last - first_position + 1))"
    "                      FILTER (WHERE written AND last >= first_position"
    "                                AND last > s.low_mark), 0)::bigint AS needed_bytes,"
    "           count(*)::integer AS attached,"
    "           coalesce(max(end_position) - 1 - e.log_end, 0) AS ahead"
    "      FROM (SELECT *, least(end_position - 1, e.log_end) AS last"
    "              FROM dataset.change_log_partition) AS p) AS p"};
constexpr pg::Query kFold{"upkeep_fold_usage", "SELECT dataset.fold_usage()"};
constexpr pg::Query kPurge{"upkeep_purge_records", "SELECT dataset.purge_records($1)"};
// The first identity that is to go, after those to be skipped. Whoever holds the rows of the pools
// is the one who purges.
constexpr pg::Query kPurgeIdentity{
    "upkeep_purge_identity",
    "SELECT dataset.erase_identity(i.owner, i.pool_id, i.identity_id)::text"
    "  FROM (SELECT i.owner, i.pool_id, i.identity_id"
    "          FROM (SELECT pool_id FROM dataset.pool_purge FOR UPDATE SKIP LOCKED) AS p"
    "         CROSS JOIN LATERAL"
    "           (SELECT * FROM dataset.identity AS i WHERE i.pool_id = p.pool_id"
    "             LIMIT $1 + 1) AS i"
    "        OFFSET $1 LIMIT 1) AS i"};
// The pool's own rows go with its last identity, and the mark once a pass has seen none: a fold
// under way hides what it folds from whoever deletes both.
constexpr pg::Query kFinishPool{
    "upkeep_finish_pool",
    "WITH finished AS ("
    "  SELECT p.pool_id FROM dataset.pool_purge AS p"
    "   WHERE NOT EXISTS (SELECT FROM dataset.identity AS i WHERE i.pool_id = p.pool_id)),"
    " deltas AS (DELETE FROM dataset.usage_delta AS u USING finished AS f"
    "             WHERE u.pool_id = f.pool_id),"
    " usage AS (DELETE FROM dataset.pool_usage AS u USING finished AS f"
    "            WHERE u.pool_id = f.pool_id)"
    " DELETE FROM dataset.pool_purge AS p USING finished AS f"
    "  WHERE p.pool_id = f.pool_id"
    "    AND NOT EXISTS (SELECT FROM dataset.usage_delta AS u WHERE u.pool_id = p.pool_id)"
    "    AND NOT EXISTS (SELECT FROM dataset.pool_usage AS u WHERE u.pool_id = p.pool_id)"};
// Someone is in the way; the next pass tries again.
bool Busy(const absl::Status& status) { return absl::IsAborted(status); }

}  // namespace

PostgresUpkeep::PostgresUpkeep(const pg::ConnectOptions& options, const UpkeepOptions& upkeep)
    : upkeep_(upkeep), connections_(options) {}

absl::Status PostgresUpkeep::Pass(absl::Time deadline, UpkeepReport& report) {
  // What others depend on first.
  constexpr decltype(&PostgresUpkeep::ExtendLog) kParts[] = {
      &PostgresUpkeep::ExtendLog,   &PostgresUpkeep::FoldUsage,  &PostgresUpkeep::EmptyLog,
      &PostgresUpkeep::DropEmptied, &PostgresUpkeep::MeasureLog, &PostgresUpkeep::PurgePools,
      &PostgresUpkeep::PurgeRecords};
  absl::Status first_error;
  for (const auto part : kParts) {
    const absl::Duration patience = std::min(deadline - absl::Now(), kConnectPatience);
    TM_ASSIGN_OR_RETURN(pg::Connection* const connection, connections_.Acquire(patience));
    const absl::Status status = (this->*part)(*connection, deadline, report);
    if (!Busy(status)) first_error.Update(status);
  }
  return first_error;
}

absl::Status PostgresUpkeep::ExtendLog(pg::Connection& connection, absl::Time deadline,
                                       UpkeepReport& report) {
  const auto soon_used =
      static_cast<std::int64_t>(changes_per_second_ * absl::ToDoubleSeconds(kTimeAhead));
  const std::int64_t ahead = std::max(upkeep_.rows_ahead, std::min(soon_used, kMostAhead));
  const absl::StatusOr<pg::Result> result = connection.Run(
      kExtend,
      pg::Params(upkeep_.partition_rows, upkeep_.log_max_bytes / kPartitionsInBound, ahead),
      deadline);
  report.extension_busy = Busy(result.status());
  TM_RETURN_IF_ERROR(result.status());
  TM_ASSIGN_OR_RETURN(const auto row, result->ParseOnly<std::int32_t>());
  report.partitions_created += std::get<0>(row);
  return absl::OkStatus();
}

absl::Status PostgresUpkeep::FoldUsage(pg::Connection& connection, absl::Time deadline,
                                       UpkeepReport& report) {
  TM_ASSIGN_OR_RETURN(const pg::Result result, connection.Run(kFold, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
  report.usage_folded += std::get<0>(row);
  return absl::OkStatus();
}

absl::Status PostgresUpkeep::EmptyLog(pg::Connection& connection, absl::Time deadline,
                                      UpkeepReport& report) {
  while (true) {
    TM_ASSIGN_OR_RETURN(
        const pg::Result result,
        connection.Run(kEmpty,
                       pg::Params(absl::ToInt64Seconds(upkeep_.log_max_age), upkeep_.log_max_bytes),
                       deadline));
    TM_ASSIGN_OR_RETURN(const auto row,
                        (result.ParseOnly<std::optional<std::int64_t>, std::optional<std::int64_t>,
                                          std::optional<bool>>()));
    const auto& [first_position, end_position, passed] = row;
    if (!first_position || !end_position) return absl::OkStatus();
    report.emptied.push_back({*first_position, *end_position, passed.value_or(false)});
  }
}

absl::Status PostgresUpkeep::DropEmptied(pg::Connection& connection, absl::Time deadline,
                                         UpkeepReport& report) {
  if (absl::Now() < drop_at_) return absl::OkStatus();
  drop_at_ = absl::Now() + kDropInterval;
  for (std::int32_t dropped = kDropAtOnce; dropped == kDropAtOnce;) {
    TM_ASSIGN_OR_RETURN(
        const pg::Result result,
        connection.Run(kDrop, pg::Params(upkeep_.emptied_kept, kDropAtOnce), deadline));
    TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int32_t>());
    dropped = std::get<0>(row);
    report.partitions_dropped += dropped;
  }
  return absl::OkStatus();
}

absl::Status PostgresUpkeep::MeasureLog(pg::Connection& connection, absl::Time deadline,
                                        UpkeepReport& report) {
  TM_ASSIGN_OR_RETURN(const pg::Result result, connection.Run(kMeasure, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const auto row,
                      (result.ParseOnly<std::int64_t, std::int64_t, std::int32_t, std::int64_t,
                                        std::int64_t, std::int64_t>()));
  const auto& [bytes, needed_bytes, partitions, ahead, log_end, age_seconds] = row;
  ObserveEnd(log_end);
  report.log_bytes = bytes;
  report.partitions = partitions;
  report.positions_ahead = ahead;
  report.log_fill =
      std::max(static_cast<double>(needed_bytes) / static_cast<double>(upkeep_.log_max_bytes),
               absl::FDivDuration(absl::Seconds(age_seconds), upkeep_.log_max_age));
  return absl::OkStatus();
}

void PostgresUpkeep::ObserveEnd(std::int64_t log_end) {
  const absl::Time now = absl::Now();
  if (log_end_at_ != absl::InfinitePast() && now > log_end_at_) {
    const double rate =
        static_cast<double>(log_end - log_end_) / absl::ToDoubleSeconds(now - log_end_at_);
    changes_per_second_ = std::max(rate, changes_per_second_ * 0.95);  // a pause is no end
  }
  log_end_ = log_end;
  log_end_at_ = now;
}

absl::Status PostgresUpkeep::PurgeRecords(pg::Connection& connection, absl::Time deadline,
                                          UpkeepReport& report) {
  for (std::int64_t purged = 0; purged < upkeep_.purge_records;) {
    TM_ASSIGN_OR_RETURN(const pg::Result result,
                        connection.Run(kPurge, pg::Params(upkeep_.purge_chunk), deadline));
    TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::optional<std::int32_t>>());
    const std::optional<std::int32_t> records = std::get<0>(row);
    if (!records) return absl::OkStatus();
    report.records_purged += *records;
    purged += std::max(*records, 1);  // an empty dataset is work too
  }
  report.purge_pending = true;
  return absl::OkStatus();
}

absl::Status PostgresUpkeep::PurgePools(pg::Connection& connection, absl::Time deadline,
                                        UpkeepReport& report) {
  std::int64_t busy = 0;
  for (std::int32_t i = 0; i < upkeep_.purge_identities; ++i) {
    const absl::StatusOr<pg::Result> result =
        connection.Run(kPurgeIdentity, pg::Params(busy), deadline);
    if (Busy(result.status())) {  // its turn comes again in the next pass
      if (++busy > kMostBusy) return absl::OkStatus();
      continue;
    }
    TM_RETURN_IF_ERROR(result.status());
    if (result->empty()) return connection.Run(kFinishPool, pg::Params(), deadline).status();
    report.identities_erased += 1;
  }
  report.purge_pending = true;
  return absl::OkStatus();
}

}  // namespace tidemark::dataset
