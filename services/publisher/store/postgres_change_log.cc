#include "services/publisher/store/postgres_change_log.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "services/publisher/store/postgres_log_end.h"

namespace tidemark::publisher {
namespace {

// Each statement reads with one snapshot.

#define TIDEMARK_LOG_COLUMNS                                                                    \
  " position, log_shard, pool_number, sync_count, generation, kind, commit_time, traceparent, " \
  "body "

#define TIDEMARK_NEW_ROWS                                         \
  "SELECT" TIDEMARK_LOG_COLUMNS                                   \
  "FROM dataset.change_log WHERE position > $3 ORDER BY position" \
  " LIMIT 2000"

// The first row of the answer tells of all $4 rows at most, and the others are those of the shards
// in the bits of $2: with several publishers most rows are another's, and only their positions
// count. If there are more than $1 bytes of bodies, only the first row comes; one body always does.
// The length of bodies that lie beyond their row is known without fetching them.
#define TIDEMARK_POLL(rows)                                                                    \
  "WITH page AS MATERIALIZED ("                                                                \
  "  SELECT" TIDEMARK_LOG_COLUMNS                                                              \
  ", get_bit($2, log_shard) = 1 AS held"                                                       \
  "    FROM (" rows                                                                            \
  ") AS rows ORDER BY position LIMIT $4),"                                                     \
  " seen AS MATERIALIZED ("                                                                    \
  "  SELECT array_agg(position) AS positions,"                                                 \
  "         coalesce(sum(octet_length(body)) FILTER (WHERE held), 0) AS bytes FROM page)"      \
  " SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, emptied_through,"    \
  "        positions, bytes, NULL AS position, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL" \
  "   FROM seen, dataset.change_log_state"                                                     \
  " UNION ALL SELECT NULL, NULL, NULL, NULL," TIDEMARK_LOG_COLUMNS                             \
  "   FROM seen JOIN page ON held WHERE bytes <= $1 OR $4 = 1"

constexpr pg::Query kPoll{"publisher_poll", TIDEMARK_POLL(TIDEMARK_NEW_ROWS)};

constexpr pg::Query kPollWithGaps{
    "publisher_poll_with_gaps",
    TIDEMARK_POLL("SELECT" TIDEMARK_LOG_COLUMNS
                  "  FROM unnest($5::bigint[], $6::bigint[]) AS gap (first, last)"
                  "  JOIN dataset.change_log ON position BETWEEN gap.first AND gap.last"
                  " UNION ALL (" TIDEMARK_NEW_ROWS ")")};

// A page ends with the row that brings it to $1 bytes. Columns as above.
constexpr pg::Query kReadPool{
    "publisher_read_pool",
    "WITH seen AS MATERIALIZED ("
    "  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, emptied_through"
    "    FROM dataset.change_log_state),"
    " page AS ("
    "  SELECT *, sum(octet_length(body)) OVER (ORDER BY position"
    "              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before"
    "    FROM (SELECT" TIDEMARK_LOG_COLUMNS
    "            FROM dataset.change_log"
    "           WHERE position BETWEEN $3 AND $4 AND pool_number = $5"
    "             AND get_bit($2, log_shard) = 1"
    "           ORDER BY position LIMIT 2000) AS rows"
    "   ORDER BY position LIMIT 2000)"
    " SELECT xmin, emptied_through, NULL::bigint[], NULL::bigint," TIDEMARK_LOG_COLUMNS
    "   FROM seen LEFT JOIN page ON coalesce(page.bytes_before, 0) < $1"};

constexpr pg::Query kTakeXid{"publisher_take_xid", "SELECT pg_current_xact_id()::text::bigint"};

// The plan must be right also for partitions that were never analysed.
pg::ConnectOptions ForReading(pg::ConnectOptions options) {
  for (const char* name : {"enable_seqscan", "enable_bitmapscan", "enable_material", "jit"}) {
    options.settings.emplace_back(name, "off");
  }
  options.settings.emplace_back("plan_cache_mode", "force_generic_plan");
  return options;
}

// As get_bit counts them: of each byte, the lowest bit first.
std::string BitsOf(const ShardSet& shards) {
  std::string bytes(shards.size() / 8, '\0');
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << i % 8);
  }
  return bytes;
}

absl::StatusOr<LogRow> ReadRow(const pg::Row& row) {
  TM_ASSIGN_OR_RETURN(const auto log_shard, row.Get<std::int16_t>(5));
  TM_ASSIGN_OR_RETURN(const auto kind, row.Get<std::int16_t>(9));
  TM_ASSIGN_OR_RETURN(const auto traceparent, row.Get<std::optional<std::string_view>>(11));
  LogRow out{.log_shard = LogShard(static_cast<std::uint8_t>(log_shard)),
             .kind = static_cast<ChangeKind>(kind),
             .traceparent = traceparent.value_or(std::string_view())};
  TM_ASSIGN_OR_RETURN(out.position, row.Get<Position>(4));
  TM_ASSIGN_OR_RETURN(out.pool_number, row.Get<std::int32_t>(6));
  TM_ASSIGN_OR_RETURN(out.sync_count, row.Get<std::int64_t>(7));
  TM_ASSIGN_OR_RETURN(out.generation, row.Get<std::int64_t>(8));
  TM_ASSIGN_OR_RETURN(out.commit_time, row.Get<absl::Time>(10));
  TM_ASSIGN_OR_RETURN(out.body, row.Get<std::string_view>(12));
  return out;
}

struct Answer {
  LogPage page;            // but for `complete`
  std::int64_t bytes = 0;  // of bodies, also if they did not come; of a poll
};

// What a row says of all.
absl::Status ReadHead(const pg::Row& row, Answer& answer) {
  TM_ASSIGN_OR_RETURN(const auto xmin, row.Get<std::int64_t>(0));
  answer.page.xmin = static_cast<Xid>(xmin);
  TM_ASSIGN_OR_RETURN(answer.page.emptied_through, row.Get<Position>(1));
  TM_ASSIGN_OR_RETURN(auto positions, row.Get<std::optional<std::vector<Position>>>(2));
  answer.page.positions = std::move(positions).value_or(std::vector<Position>());
  TM_ASSIGN_OR_RETURN(const auto bytes, row.Get<std::optional<std::int64_t>>(3));
  answer.bytes = bytes.value_or(0);
  return absl::OkStatus();
}

absl::StatusOr<Answer> ReadAnswer(pg::Result result) {
  const auto rows = std::make_shared<const pg::Result>(std::move(result));
  Answer answer;
  std::vector<LogRow>& log_rows = answer.page.rows;
  log_rows.reserve(static_cast<std::size_t>(rows->size()));
  for (const pg::Row row : *rows) {
    if (answer.page.xmin == 0) TM_RETURN_IF_ERROR(ReadHead(row, answer));
    TM_ASSIGN_OR_RETURN(const auto position, row.Get<std::optional<Position>>(4));
    if (!position) continue;  // it tells of the others
    TM_ASSIGN_OR_RETURN(const LogRow log_row, ReadRow(row));
    log_rows.push_back(log_row);
  }
  // Rows come in the order of the page in practice; nothing promises it.
  std::ranges::sort(answer.page.positions);
  std::ranges::sort(log_rows, {}, &LogRow::position);
  answer.page.bytes = rows;
  return answer;
}

}  // namespace

PostgresChangeLog::PostgresChangeLog(Options options)
    : options_(std::move(options)), connections_(ForReading(options_.connect)) {}

absl::StatusOr<LogPage> PostgresChangeLog::Poll(const ShardSet& held, Position hi,
                                                std::span<const PositionRange> gaps) {
  highest_ = std::max(highest_, hi);
  const std::string held_bits = BitsOf(held);
  std::vector<Position> first;
  std::vector<Position> last;
  for (const PositionRange& gap : gaps) {
    first.push_back(gap.first);
    last.push_back(gap.last);
  }
  while (true) {
    pg::Params params(options_.page_bytes, pg::Bytes{held_bits}, hi, page_rows_);
    if (!gaps.empty()) {
      params.Add(first);
      params.Add(last);
    }
    TM_ASSIGN_OR_RETURN(pg::Result result, Run(gaps.empty() ? kPoll : kPollWithGaps, params));
    TM_ASSIGN_OR_RETURN(Answer answer, ReadAnswer(std::move(result)));
    const std::int64_t found = std::ssize(answer.page.positions);
    if (answer.bytes <= options_.page_bytes || page_rows_ == 1) {
      answer.page.complete = found < page_rows_;
      page_rows_ = std::min(kPageRows, 2 * page_rows_);
      return std::move(answer.page);
    }
    page_rows_ = std::max<std::int64_t>(1, found * options_.page_bytes / answer.bytes);
  }
}

absl::StatusOr<LogPage> PostgresChangeLog::ReadPool(const ShardSet& held, std::int32_t pool_number,
                                                    PositionRange range, std::int64_t most) {
  const std::string held_bits = BitsOf(held);
  most = std::min(most, options_.page_bytes);
  const pg::Params params(most, pg::Bytes{held_bits}, range.first, range.last, pool_number);
  TM_ASSIGN_OR_RETURN(pg::Result result, Run(kReadPool, params));
  TM_ASSIGN_OR_RETURN(Answer answer, ReadAnswer(std::move(result)));
  LogPage& page = answer.page;
  std::int64_t bytes = 0;
  for (const LogRow& row : page.rows) bytes += static_cast<std::int64_t>(row.body.size());
  page.complete = std::ssize(page.rows) < kPageRows && bytes < most;
  return std::move(page);
}

absl::StatusOr<Xid> PostgresChangeLog::TakeXid() {
  TM_ASSIGN_OR_RETURN(const pg::Result result, Run(kTakeXid, pg::Params()));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
  return static_cast<Xid>(std::get<0>(row));
}

absl::StatusOr<Position> PostgresChangeLog::End() {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(options_.timeout));
  return CheckEnd(*connection);
}

absl::StatusOr<pg::Result> PostgresChangeLog::Run(const pg::Query& query,
                                                  const pg::Params& params) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(options_.timeout));
  if (check_end_) TM_RETURN_IF_ERROR(CheckEnd(*connection).status());
  absl::StatusOr<pg::Result> result =
      connection->Run(query, params, absl::Now() + options_.timeout);
  check_end_ = !result.ok();
  return result;
}

absl::StatusOr<Position> PostgresChangeLog::CheckEnd(pg::Connection& connection) {
  check_end_ = true;
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(kLogEnd, pg::Params(), absl::Now() + options_.timeout));
  TM_ASSIGN_OR_RETURN(LogEnd end, ParseLogEnd(result));
  const std::string before = std::exchange(database_, std::move(end.database));
  const Position read_through = std::exchange(highest_, std::min(highest_, end.position));
  if (highest_ < read_through) {
    return absl::DataLossError(
        absl::StrCat("the change log ends at ", highest_, " but was read up to ", read_through));
  }
  if (!before.empty() && before != database_) {
    return absl::DataLossError(
        absl::StrCat("the database is ", database_, " and was ", before, " before"));
  }
  check_end_ = false;
  return end.position;
}

}  // namespace tidemark::publisher
