#include "services/publisher/store/postgres_change_log.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "services/publisher/store/postgres_log_end.h"

namespace tidemark::publisher {
namespace {

constexpr int kPageRows = 2000;  // as in the statements

// Each statement reads with one snapshot, and says its xmin even if there are no rows. A page ends
// with the row that brings it to $1 bytes. Bodies that lie beyond are not fetched: their length is
// known without. Nor are those of shards that are not in the bits of $2: with several publishers
// most rows are another's, and only their positions count.
#define TIDEMARK_LOG_PAGE(rows)                                                             \
  "WITH seen AS MATERIALIZED ("                                                             \
  "  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, emptied_through" \
  "    FROM dataset.change_log_state),"                                                     \
  " page AS ("                                                                              \
  "  SELECT position, log_shard, pool_number, sync_count, generation, kind, commit_time,"   \
  "         CASE held WHEN 1 THEN traceparent END AS traceparent,"                          \
  "         CASE held WHEN 1 THEN body ELSE '' END AS body,"                                \
  "         sum(held * octet_length(body)) OVER before AS bytes_before"                     \
  "    FROM (" rows                                                                         \
  ") AS rows WINDOW before AS"                                                              \
  "    (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"                \
  "   ORDER BY position LIMIT 2000)"                                                        \
  " SELECT seen.xmin, seen.emptied_through, position, log_shard, pool_number, sync_count,"  \
  "        generation, kind, commit_time, traceparent, body"                                \
  "   FROM seen LEFT JOIN page ON coalesce(page.bytes_before, 0) < $1"

#define TIDEMARK_LOG_COLUMNS                                                                    \
  " position, log_shard, pool_number, sync_count, generation, kind, commit_time, traceparent, " \
  "body, get_bit($2, log_shard) AS held "

#define TIDEMARK_NEW_ROWS                         \
  "SELECT" TIDEMARK_LOG_COLUMNS                   \
  "  FROM dataset.change_log WHERE position > $3" \
  " ORDER BY position LIMIT 2000"

constexpr pg::Query kPoll{"publisher_poll", TIDEMARK_LOG_PAGE(TIDEMARK_NEW_ROWS)};

constexpr pg::Query kPollWithGaps{
    "publisher_poll_with_gaps",
    TIDEMARK_LOG_PAGE("SELECT" TIDEMARK_LOG_COLUMNS
                      "  FROM unnest($4::bigint[], $5::bigint[]) AS gap (first, last)"
                      "  JOIN dataset.change_log ON position BETWEEN gap.first AND gap.last"
                      " UNION ALL (" TIDEMARK_NEW_ROWS ")")};

constexpr pg::Query kReadPool{
    "publisher_read_pool",
    TIDEMARK_LOG_PAGE("SELECT" TIDEMARK_LOG_COLUMNS "  FROM dataset.change_log"
                      " WHERE position BETWEEN $3 AND $4 AND pool_number = $5"
                      "   AND get_bit($2, log_shard) = 1"
                      " ORDER BY position LIMIT 2000")};

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

absl::StatusOr<LogRow> ReadRow(const pg::Row& row, const ShardSet& held) {
  LogRow out;
  TM_ASSIGN_OR_RETURN(out.position, row.Get<Position>(2));
  TM_ASSIGN_OR_RETURN(const auto log_shard, row.Get<std::int16_t>(3));
  out.log_shard = LogShard(static_cast<std::uint8_t>(log_shard));
  TM_ASSIGN_OR_RETURN(out.commit_time, row.Get<absl::Time>(8));
  if (!held[out.log_shard.value()]) return out;
  TM_ASSIGN_OR_RETURN(out.pool_number, row.Get<std::int32_t>(4));
  TM_ASSIGN_OR_RETURN(out.sync_count, row.Get<std::int64_t>(5));
  TM_ASSIGN_OR_RETURN(out.generation, row.Get<std::int64_t>(6));
  TM_ASSIGN_OR_RETURN(const auto kind, row.Get<std::int16_t>(7));
  TM_ASSIGN_OR_RETURN(const auto traceparent, row.Get<std::optional<std::string_view>>(9));
  TM_ASSIGN_OR_RETURN(out.body, row.Get<std::string_view>(10));
  out.kind = static_cast<ChangeKind>(kind);
  out.traceparent = traceparent.value_or(std::string_view());
  return out;
}

}  // namespace

PostgresChangeLog::PostgresChangeLog(Options options)
    : options_(std::move(options)), connections_(ForReading(options_.connect)) {}

absl::StatusOr<LogPage> PostgresChangeLog::Poll(const ShardSet& held, Position hi,
                                                std::span<const PositionRange> gaps) {
  highest_ = std::max(highest_, hi);
  const std::string held_bits = BitsOf(held);
  pg::Params params(options_.page_bytes, pg::Bytes{held_bits}, hi);
  if (gaps.empty()) {
    TM_ASSIGN_OR_RETURN(pg::Result result, Run(kPoll, params));
    return MakePage(std::move(result), held, options_.page_bytes);
  }
  std::vector<Position> first;
  std::vector<Position> last;
  for (const PositionRange& gap : gaps) {
    first.push_back(gap.first);
    last.push_back(gap.last);
  }
  params.Add(first);
  params.Add(last);
  TM_ASSIGN_OR_RETURN(pg::Result result, Run(kPollWithGaps, params));
  return MakePage(std::move(result), held, options_.page_bytes);
}

absl::StatusOr<LogPage> PostgresChangeLog::ReadPool(const ShardSet& held, std::int32_t pool_number,
                                                    PositionRange range, std::int64_t most) {
  const std::string held_bits = BitsOf(held);
  most = std::min(most, options_.page_bytes);
  const pg::Params params(most, pg::Bytes{held_bits}, range.first, range.last, pool_number);
  TM_ASSIGN_OR_RETURN(pg::Result result, Run(kReadPool, params));
  return MakePage(std::move(result), held, most);
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

absl::StatusOr<LogPage> PostgresChangeLog::MakePage(pg::Result result, const ShardSet& shards,
                                                    std::int64_t most) const {
  auto rows = std::make_shared<pg::Result>(std::move(result));
  LogPage page;
  page.rows.reserve(static_cast<std::size_t>(rows->size()));
  std::int64_t bytes = 0;
  for (const pg::Row row : *rows) {
    if (page.rows.empty()) {
      TM_ASSIGN_OR_RETURN(const auto xmin, row.Get<std::int64_t>(0));
      TM_ASSIGN_OR_RETURN(page.emptied_through, row.Get<Position>(1));
      page.xmin = static_cast<Xid>(xmin);
      TM_ASSIGN_OR_RETURN(const auto position, row.Get<std::optional<Position>>(2));
      if (!position) break;  // the page is empty
    }
    TM_ASSIGN_OR_RETURN(const LogRow log_row, ReadRow(row, shards));
    bytes += static_cast<std::int64_t>(log_row.body.size());
    page.rows.push_back(log_row);
  }
  // The join keeps the order of the page in practice; nothing promises it.
  const auto by_position = [](const LogRow& a, const LogRow& b) { return a.position < b.position; };
  if (!std::is_sorted(page.rows.begin(), page.rows.end(), by_position)) {
    std::sort(page.rows.begin(), page.rows.end(), by_position);
  }
  page.complete = page.rows.size() < kPageRows && bytes < most;
  page.bytes = std::move(rows);
  return page;
}

}  // namespace tidemark::publisher
