#include "services/publisher/store/testing/postgres_log_writer.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "absl/time/clock.h"
#include "common/base/owner.h"
#include "common/errors/sqlstate.h"
#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

// The xid first: a statement that inserts takes its positions before its xid (see GapTracker).
constexpr pg::Query kWrite{
    "test_write_log",
    "WITH me AS MATERIALIZED (SELECT pg_current_xact_id())"
    " INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,"
    "  generation, kind, commit_time, traceparent, body)"
    " SELECT log_shard, pool_number, owner, 0, sync_count, generation, kind,"
    "  date_trunc('milliseconds', clock_timestamp()), nullif(traceparent, ''), body"
    "  FROM me, unnest($1::smallint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[],"
    "   $6::smallint[], $7::text[], $8::bytea[])"
    "   AS new (log_shard, pool_number, owner, sync_count, generation, kind, traceparent, body)"
    " RETURNING position"};

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::ostringstream text;
  text << "LogWriter: " << status << ' ' << errors::DriverTextOf(status) << '\n';
  std::fputs(text.str().c_str(), stderr);
  std::abort();
}

}  // namespace

std::vector<Position> LogWriter::Write(const std::vector<TestChange>& changes) {
  std::vector<std::int16_t> shards;
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> owners;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> generations;
  std::vector<std::int16_t> kinds;
  std::vector<std::string> traceparents;
  std::vector<std::string> bodies;
  for (const TestChange& change : changes) {
    const Owner owner = OwnerOf(change.pool_id, change.identity_id);
    shards.push_back(LogShardOf(owner).value());
    pools.push_back(change.pool_number);
    owners.push_back(owner.value());
    counts.push_back(change.sync_count);
    generations.push_back(change.generation);
    kinds.push_back(static_cast<std::int16_t>(change.kind));
    traceparents.push_back(change.traceparent);
    bodies.push_back(BodyOf(change));
  }
  std::vector<pg::Bytes> body_bytes;
  body_bytes.reserve(bodies.size());
  for (const std::string& body : bodies) body_bytes.push_back({body});
  const auto result = connection_.Run(
      kWrite,
      pg::Params(shards, pools, owners, counts, generations, kinds, traceparents, body_bytes),
      absl::Now() + absl::Seconds(60));
  Require(result.status());
  const auto rows = result->ParseAll<Position>();
  Require(rows.status());
  std::vector<Position> positions;
  for (const auto& [position] : *rows) positions.push_back(position);
  return positions;
}

void LogWriter::Run(std::string_view sql) {
  Require(connection_.RunScript(sql, absl::Now() + absl::Seconds(60)).status());
}

}  // namespace tidemark::publisher
