#include "services/dataset/store/postgres_upkeep.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "common/pg/query.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kConnectPatience = absl::Seconds(1);

constexpr pg::Query kExtend{"upkeep_extend_log", "SELECT dataset.extend_change_log($1, $2)"};
constexpr pg::Query kEmpty{"upkeep_empty_log",
                           "SELECT first_position, end_position, passed"
                           " FROM dataset.empty_change_log(make_interval(secs => $1::bigint), $2)"};
constexpr pg::Query kMeasure{
    "upkeep_measure_log",
    "SELECT coalesce((SELECT sum(bytes) FROM dataset.change_log_partition), 0)::bigint,"
    "       coalesce((SELECT sum(bytes) FROM dataset.change_log_partition AS p"
    "                  WHERE p.end_position - 1 > s.low_mark), 0)::bigint,"
    "       coalesce((SELECT extract(epoch FROM clock_timestamp() - commit_time)"
    "                   FROM dataset.change_log WHERE position > s.low_mark"
    "                  ORDER BY position LIMIT 1), 0)::bigint"
    "  FROM dataset.change_log_state AS s"};
constexpr pg::Query kFold{"upkeep_fold_usage", "SELECT dataset.fold_usage()"};
constexpr pg::Query kPurge{"upkeep_purge_records", "SELECT dataset.purge_records($1)"};
constexpr pg::Query kPurgeIdentity{
    "upkeep_purge_identity",
    "SELECT dataset.erase_identity(i.owner, i.pool_id, i.identity_id)::text"
    "  FROM dataset.pool_purge AS p"
    " CROSS JOIN LATERAL (SELECT * FROM dataset.identity AS i WHERE i.pool_id = p.pool_id LIMIT 1)"
    "    AS i"
    " LIMIT 1"};
// The pool's own rows go with its last identity.
constexpr pg::Query kFinishPool{
    "upkeep_finish_pool",
    "WITH finished AS ("
    "  DELETE FROM dataset.pool_purge AS p"
    "   WHERE NOT EXISTS (SELECT FROM dataset.identity AS i WHERE i.pool_id = p.pool_id)"
    "  RETURNING p.pool_id),"
    " deltas AS (DELETE FROM dataset.usage_delta AS u USING finished AS f"
    "             WHERE u.pool_id = f.pool_id)"
    " DELETE FROM dataset.pool_usage AS u USING finished AS f WHERE u.pool_id = f.pool_id"};
// In this order: at most one partition may be on its way out, so what was interrupted comes first.
constexpr pg::Query kDropCandidates{
    "upkeep_drop_candidates",
    "SELECT name, detach FROM ("
    " SELECT 1, 0, relname::text, ' FINALIZE' FROM pg_inherits JOIN pg_class ON oid = inhrelid"
    "  WHERE inhparent = 'dataset.change_log'::regclass AND inhdetachpending"
    " UNION ALL"
    " SELECT 2, 0, relname::text, '' FROM pg_class"
    "  WHERE relnamespace = 'dataset'::regnamespace AND relkind = 'r' AND NOT relispartition"
    "    AND relname ~ '^change_log_[0-9]+$'"
    " UNION ALL"
    " SELECT 3, p.first_position, p.name::text, ' CONCURRENTLY'"
    "   FROM dataset.change_log_partition AS p, dataset.change_log_state AS s"
    "  WHERE NOT p.written AND p.end_position - 1 <= s.emptied_through)"
    " AS candidates (step, place, name, detach) ORDER BY step, place"};

// Someone is in the way; the next pass tries again.
bool Busy(const absl::Status& status) { return absl::IsAborted(status); }

}  // namespace

PostgresUpkeep::PostgresUpkeep(const pg::ConnectOptions& options, const UpkeepOptions& upkeep)
    : upkeep_(upkeep), connections_(options) {}

absl::Status PostgresUpkeep::Pass(absl::Time deadline, UpkeepReport& report) {
  // What others depend on first.
  constexpr decltype(&PostgresUpkeep::ExtendLog) kParts[] = {
      &PostgresUpkeep::ExtendLog,  &PostgresUpkeep::FoldUsage,    &PostgresUpkeep::EmptyLog,
      &PostgresUpkeep::MeasureLog, &PostgresUpkeep::PurgeRecords, &PostgresUpkeep::PurgePools};
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
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection.Run(kExtend, pg::Params(upkeep_.partition_rows, upkeep_.rows_ahead), deadline));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int32_t>());
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

absl::Status PostgresUpkeep::MeasureLog(pg::Connection& connection, absl::Time deadline,
                                        UpkeepReport& report) {
  TM_ASSIGN_OR_RETURN(const pg::Result result, connection.Run(kMeasure, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const auto row,
                      (result.ParseOnly<std::int64_t, std::int64_t, std::int64_t>()));
  const auto& [bytes, needed_bytes, age_seconds] = row;
  report.log_bytes = bytes;
  report.log_fill =
      std::max(static_cast<double>(needed_bytes) / static_cast<double>(upkeep_.log_max_bytes),
               absl::FDivDuration(absl::Seconds(age_seconds), upkeep_.log_max_age));
  return absl::OkStatus();
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
  for (std::int32_t i = 0; i < upkeep_.purge_identities; ++i) {
    TM_ASSIGN_OR_RETURN(const pg::Result result,
                        connection.Run(kPurgeIdentity, pg::Params(), deadline));
    if (result.empty()) return connection.Run(kFinishPool, pg::Params(), deadline).status();
    report.identities_erased += 1;
  }
  report.purge_pending = true;
  return absl::OkStatus();
}

absl::Status DropEmptiedPartitions(pg::Connection& connection, absl::Time deadline) {
  TM_RETURN_IF_ERROR(connection.RunScript("SET statement_timeout = 0", deadline).status());
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(kDropCandidates, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const auto rows, (result.ParseAll<std::string, std::string>()));
  for (const auto& [name, detach] : rows) {  // change_log_<number>: nothing to quote
    absl::Status status;
    if (!detach.empty()) {
      status =
          connection
              .RunScript(absl::StrCat("ALTER TABLE dataset.change_log DETACH PARTITION dataset.",
                                      name, detach),
                         deadline)
              .status();
    }
    if (status.ok()) {
      status = connection.RunScript(absl::StrCat("DROP TABLE dataset.", name), deadline).status();
    }
    if (Busy(status)) return absl::OkStatus();
    TM_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

}  // namespace tidemark::dataset
