#include "services/dataset/store/postgres_log_upkeep.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kConnectPatience = absl::Seconds(1);

constexpr pg::Query kReportLowMark{
    "log_report_low_mark",
    "UPDATE dataset.change_log_state"
    " SET low_mark = greatest(low_mark, least($1, dataset.change_log_end()))"
    " RETURNING emptied_through"};
constexpr pg::Query kDescribe{
    "log_describe",
    "SELECT e.log_end, s.emptied_through, s.low_mark, coalesce(p.bytes, 0)::bigint, p.attached,"
    "       p.ahead"
    "  FROM dataset.change_log_state AS s"
    " CROSS JOIN (SELECT dataset.change_log_end() AS log_end) AS e"
    " CROSS JOIN LATERAL"
    "   (SELECT sum(bytes) AS bytes, count(*)::integer AS attached,"
    "           (count(*) FILTER (WHERE first_position > e.log_end))::integer AS ahead"
    "      FROM dataset.change_log_partition) AS p"};

absl::Duration Patience(absl::Time deadline) {
  return std::min(deadline - absl::Now(), kConnectPatience);
}

}  // namespace

absl::StatusOr<std::int64_t> PostgresLogUpkeep::ReportLowMark(std::int64_t low_mark,
                                                              absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection, connections_.Acquire(Patience(deadline)));
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection->Run(kReportLowMark, pg::Params(low_mark), deadline));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
  return std::get<0>(row);
}

absl::StatusOr<LogDescription> PostgresLogUpkeep::Describe(absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection,
                      connections_.AcquireAlive(Patience(deadline), deadline));
  TM_ASSIGN_OR_RETURN(const pg::Result result, connection->Run(kDescribe, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const auto row,
                      (result.ParseOnly<std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                        std::int32_t, std::int32_t>()));
  const auto& [end, emptied_through, low_mark, bytes, partitions, ahead] = row;
  return LogDescription{end, emptied_through, low_mark, bytes, partitions, ahead};
}

}  // namespace tidemark::dataset
