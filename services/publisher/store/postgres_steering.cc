#include "services/publisher/store/postgres_steering.h"

#include <tuple>
#include <utility>

#include "common/base/status_macros.h"
#include "common/pg/query.h"
#include "services/publisher/store/postgres_pauses.h"

namespace tidemark::publisher {
namespace {

// A row without a member counts the shards that nobody holds.
constexpr pg::Query kMembers{
    "publisher_members",
    "SELECT m.member_id, m.started_time, m.expires_time, count(l.log_shard)"
    "  FROM publisher.member AS m FULL JOIN publisher.lease AS l USING (member_id)"
    " GROUP BY m.member_id ORDER BY m.member_id NULLS LAST"};

constexpr pg::Query kReports{
    "publisher_reports",
    "SELECT member_id, pool_number, epoch, waiting_changes, oldest_commit_time, split_off,"
    "       last_error"
    "  FROM publisher.report WHERE $1::integer IS NULL OR pool_number = $1"
    " ORDER BY pool_number, epoch, member_id"};

constexpr pg::Query kParkedCounts{
    "publisher_parked_counts",
    "SELECT pool_number, epoch, count(*) FROM publisher.parked_change"
    " WHERE $1::integer IS NULL OR pool_number = $1 GROUP BY pool_number, epoch"};

constexpr pg::Query kGapped{
    "publisher_gapped",
    "SELECT pool_number, epoch, gapped_through FROM publisher.destination"
    " WHERE gapped_through > 0 AND ($1::integer IS NULL OR pool_number = $1)"};

constexpr pg::Query kPause{"publisher_pause",
                           "INSERT INTO publisher.pause (pool_number, reason) VALUES ($1, $2)"
                           " ON CONFLICT (pool_number) DO UPDATE SET reason = excluded.reason"};

constexpr pg::Query kResume{"publisher_resume",
                            "DELETE FROM publisher.pause WHERE pool_number = $1"};

constexpr absl::Duration kPatience = absl::Seconds(1);

absl::Status LoadMembers(pg::Connection& connection, absl::Time deadline, Overview& overview) {
  TM_ASSIGN_OR_RETURN(const pg::Result result, connection.Run(kMembers, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(auto rows,
                      (result.ParseAll<std::optional<std::string>, std::optional<absl::Time>,
                                       std::optional<absl::Time>, std::int64_t>()));
  for (auto& [id, started, expires, shards] : rows) {
    if (!id || !started || !expires) {
      overview.free_log_shards = static_cast<int>(shards);
      continue;
    }
    overview.members.push_back({*std::move(id), static_cast<int>(shards), *started, *expires});
  }
  return absl::OkStatus();
}

// What is known of each destination, by number.
absl::StatusOr<std::map<DestinationId, std::int64_t>> LoadNumbers(
    pg::Connection& connection, const pg::Query& query, std::optional<std::int32_t> pool_number,
    absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(query, pg::Params(pool_number), deadline));
  TM_ASSIGN_OR_RETURN(const auto rows,
                      (result.ParseAll<std::int32_t, std::int64_t, std::int64_t>()));
  std::map<DestinationId, std::int64_t> numbers;
  for (const auto& [pool, epoch, number] : rows) numbers[{pool, epoch}] = number;
  return numbers;
}

}  // namespace

absl::StatusOr<Overview> PostgresSteering::Look(std::optional<std::int32_t> pool_number,
                                                absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.AcquireAlive(kPatience, deadline));
  Overview overview;
  TM_RETURN_IF_ERROR(LoadMembers(*connection, deadline, overview));
  TM_ASSIGN_OR_RETURN(overview.pauses, LoadPauses(*connection, pool_number, deadline));
  TM_ASSIGN_OR_RETURN(overview.parked,
                      LoadNumbers(*connection, kParkedCounts, pool_number, deadline));
  TM_ASSIGN_OR_RETURN(overview.gapped_through,
                      LoadNumbers(*connection, kGapped, pool_number, deadline));
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection->Run(kReports, pg::Params(pool_number), deadline));
  TM_ASSIGN_OR_RETURN(auto rows, (result.ParseAll<std::string, std::int32_t, std::int64_t,
                                                  std::int64_t, absl::Time, bool, std::string>()));
  for (auto& [member, pool, epoch, waiting, oldest, split_off, error] : rows) {
    overview.reports.push_back(
        {std::move(member), {{pool, epoch}, waiting, oldest, split_off, std::move(error)}});
  }
  return overview;
}

absl::Status PostgresSteering::Pause(std::int32_t pool_number, const std::string& reason,
                                     absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.AcquireAlive(kPatience, deadline));
  return connection->Run(kPause, pg::Params(pool_number, reason), deadline).status();
}

absl::Status PostgresSteering::Resume(std::int32_t pool_number, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.AcquireAlive(kPatience, deadline));
  return connection->Run(kResume, pg::Params(pool_number), deadline).status();
}

}  // namespace tidemark::publisher
