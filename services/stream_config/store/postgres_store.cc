#include "services/stream_config/store/postgres_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "services/stream_config/domain/pool_errors.h"
#include "services/stream_config/store/postgres_rows.h"
#include "tidemark/stream_config/migrations.h"

namespace tidemark::stream_config {
namespace {

constexpr pg::Query kCheck{"stream_config_check", "SELECT revision FROM stream_config.state"};

// If the id or the request id is held by now, nothing is inserted; if it comes to be held while
// this waits for the lock of `state`, ON CONFLICT sees it, and a number and a revision stay unused.
constexpr pg::Query kCreate{"stream_config_create_pool", R"(
WITH state AS (
  UPDATE stream_config.state
  SET revision = revision + 1, last_pool_number = last_pool_number + 1
  WHERE NOT EXISTS (SELECT FROM stream_config.pool WHERE pool_id = $1 OR request_id = $27)
  RETURNING revision, last_pool_number)
INSERT INTO stream_config.pool (
  revision, pool_number, version, request_id, content_hash,
  pool_id, create_time, update_time, display_name, stream_enabled, stream_name, stream_role_arn,
  disabled_reason, enabled_time, start_position, epoch, push_application_arns, push_role_arn,
  sync_trigger_arn, datasets_per_identity, records_per_dataset, bytes_per_dataset,
  keys_per_dataset, dataset_names_per_identity, epoch_stream_name, bulk_job, bulk_epoch,
  bulk_start_time, bulk_complete_time, bulk_failure_message, epoch_account, role_external_id)
SELECT revision, last_pool_number, 1, $27, $28,
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
  $22, $23, $24, $25, $26, $29
FROM state
ON CONFLICT DO NOTHING
RETURNING )" TIDEMARK_POOL_COLUMNS};

constexpr pg::Query kReadHeld{"stream_config_read_held_pools", R"(
SELECT coalesce(request_id, ''), content_hash, delete_time IS NOT NULL, )" TIDEMARK_POOL_COLUMNS R"(
FROM stream_config.pool WHERE pool_id = $1 OR request_id = $2)"};

constexpr pg::Query kGet{"stream_config_get_pool", "SELECT " TIDEMARK_POOL_COLUMNS R"(
FROM stream_config.pool WHERE pool_id = $1 AND delete_time IS NULL)"};

constexpr pg::Query kList{"stream_config_list_pools", "SELECT " TIDEMARK_POOL_COLUMNS R"(
FROM stream_config.pool WHERE pool_id > $1 AND delete_time IS NULL ORDER BY pool_id LIMIT $2)"};

constexpr pg::Query kReplace{"stream_config_replace_pool", R"(
WITH state AS (UPDATE stream_config.state SET revision = revision + 1 RETURNING revision)
UPDATE stream_config.pool SET
  revision = state.revision, version = version + 1, update_time = $3, display_name = $4,
  stream_enabled = $5, stream_name = $6, stream_role_arn = $7, disabled_reason = $8,
  enabled_time = $9, start_position = $10, epoch = $11, push_application_arns = $12,
  push_role_arn = $13, sync_trigger_arn = $14, datasets_per_identity = $15,
  records_per_dataset = $16, bytes_per_dataset = $17, keys_per_dataset = $18,
  dataset_names_per_identity = $19, epoch_stream_name = $20, bulk_job = $21, bulk_epoch = $22,
  bulk_start_time = $23, bulk_complete_time = $24, bulk_failure_message = $25,
  epoch_account = $26
FROM state
WHERE pool_id = $1 AND version = $27 AND delete_time IS NULL
RETURNING )" TIDEMARK_POOL_COLUMNS};

constexpr pg::Query kGetBulkPublish{"stream_config_get_bulk_publish",
                                    "SELECT " TIDEMARK_PROGRESS_COLUMNS
                                    ", pool.* FROM (SELECT " TIDEMARK_POOL_COLUMNS R"(
  FROM stream_config.pool WHERE pool_id = $1 AND delete_time IS NULL) AS pool
LEFT JOIN stream_config.bulk_progress AS progress
  ON progress.pool_id = pool.pool_id AND progress.job = pool.bulk_job)"};

// One row if the pool exists. Advance() in SQL: a row is there once a figure is above 0, and is
// written when one rises.
constexpr pg::Query kNoteBulkProgress{"stream_config_note_bulk_progress", R"(
WITH pool AS (
  SELECT bulk_job, bulk_complete_time FROM stream_config.pool
  WHERE pool_id = $1 AND delete_time IS NULL),
noted AS (
  INSERT INTO stream_config.bulk_progress AS known (
    pool_id, job, datasets_done, datasets_total, datasets_failed, bytes_sent, update_time)
  SELECT $1, $2, $3, $4, $5, $6, $7 FROM pool
  WHERE bulk_job = $2 AND bulk_complete_time IS NULL AND greatest($3, $4, $5, $6) > 0
  ON CONFLICT (pool_id) DO UPDATE SET
    job = excluded.job, update_time = excluded.update_time,
    datasets_done = greatest(
      CASE known.job WHEN excluded.job THEN known.datasets_done END, excluded.datasets_done),
    datasets_total = greatest(
      CASE known.job WHEN excluded.job THEN known.datasets_total END, excluded.datasets_total),
    datasets_failed = greatest(
      CASE known.job WHEN excluded.job THEN known.datasets_failed END, excluded.datasets_failed),
    bytes_sent = greatest(
      CASE known.job WHEN excluded.job THEN known.bytes_sent END, excluded.bytes_sent)
  WHERE known.job < excluded.job OR known.job = excluded.job AND (
    known.datasets_done < excluded.datasets_done OR known.datasets_total < excluded.datasets_total
    OR known.datasets_failed < excluded.datasets_failed OR known.bytes_sent < excluded.bytes_sent))
SELECT FROM pool)"};

constexpr pg::Query kDelete{"stream_config_delete_pool", R"(
WITH state AS (UPDATE stream_config.state SET revision = revision + 1 RETURNING revision)
UPDATE stream_config.pool SET revision = state.revision, delete_time = $3
FROM state
WHERE pool_id = $1 AND ($2 IS NULL OR version = $2) AND delete_time IS NULL)"};

constexpr pg::Query kListUnpurged{"stream_config_list_unpurged_pools", R"(
SELECT pool_id FROM stream_config.pool
WHERE delete_time < $1 AND purge_time IS NULL ORDER BY delete_time LIMIT $2)"};

constexpr pg::Query kMarkPurged{"stream_config_mark_pool_purged", R"(
UPDATE stream_config.pool SET purge_time = $2
WHERE pool_id = $1 AND delete_time IS NOT NULL AND purge_time IS NULL)"};

// One row with nulls if nothing changed: the head is always told.
constexpr pg::Query kChangesSince{"stream_config_changes_since", R"(
SELECT state.revision, change.revision, change.delete_time IS NOT NULL, )" TIDEMARK_POOL_COLUMNS R"(
FROM stream_config.state LEFT JOIN (
  SELECT * FROM stream_config.pool WHERE revision > $1 ORDER BY revision LIMIT $2) AS change ON true
ORDER BY change.revision)"};

std::optional<std::string_view> NullIfEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

absl::StatusOr<std::vector<Pool>> ReadPools(const pg::Result& result) {
  std::vector<Pool> pools;
  pools.reserve(static_cast<std::size_t>(result.size()));
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(Pool pool, ReadPool(row));
    pools.push_back(std::move(pool));
  }
  return pools;
}

}  // namespace

PostgresStore::PostgresStore(pg::ConnectOptions options, int connections)
    : connections_(std::move(options), Migrations(), connections) {}

absl::Status PostgresStore::Check(absl::Time deadline) {
  return connections_.Read(kCheck, pg::Params(), deadline).status();
}

absl::StatusOr<Pool> PostgresStore::Create(const Creation& creation, absl::Time deadline) {
  pg::Params params = PoolParams(creation.pool);
  params.Add(NullIfEmpty(creation.request_id));
  params.Add(pg::Bytes{creation.content_hash});
  params.Add(creation.pool.role_external_id);
  TM_ASSIGN_OR_RETURN(const pg::Result made, connections_.Run(kCreate, params, deadline));
  if (!made.empty()) return ReadPool(made[0]);
  TM_ASSIGN_OR_RETURN(std::optional<Pool> repeated, FindRepeat(creation, deadline));
  if (repeated) return *std::move(repeated);
  return absl::InternalError(absl::StrCat("neither made nor held: pool ", creation.pool.id));
}

absl::StatusOr<std::optional<Pool>> PostgresStore::FindRepeat(const Creation& creation,
                                                              absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const std::vector<HeldPool> held, ReadHeld(creation, deadline));
  return AnswerRepeat(creation, held);
}

absl::StatusOr<std::vector<HeldPool>> PostgresStore::ReadHeld(const Creation& creation,
                                                              absl::Time deadline) {
  const pg::Params params(creation.pool.id, NullIfEmpty(creation.request_id));
  TM_ASSIGN_OR_RETURN(const pg::Result result, connections_.Read(kReadHeld, params, deadline));
  std::vector<HeldPool> pools;
  for (const pg::Row row : result) {
    HeldPool held;
    TM_ASSIGN_OR_RETURN(held.request_id, row.Get<std::string>(0));
    TM_ASSIGN_OR_RETURN(held.content_hash, row.Get<std::string>(1));
    TM_ASSIGN_OR_RETURN(held.deleted, row.Get<bool>(2));
    TM_ASSIGN_OR_RETURN(held.pool, ReadPool(row, 3));
    pools.push_back(std::move(held));
  }
  return pools;
}

absl::StatusOr<Pool> PostgresStore::Get(std::string_view pool_id, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connections_.Read(kGet, pg::Params(pool_id), deadline));
  if (result.empty()) return PoolNotFound(pool_id);
  return ReadPool(result[0]);
}

absl::StatusOr<std::vector<Pool>> PostgresStore::List(std::string_view after_id, std::int32_t limit,
                                                      absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connections_.Read(kList, pg::Params(after_id, std::int64_t{limit}), deadline));
  return ReadPools(result);
}

absl::StatusOr<Pool> PostgresStore::Replace(const Pool& pool, absl::Time deadline) {
  pg::Params params = PoolParams(pool);
  params.Add(pool.version);
  TM_ASSIGN_OR_RETURN(const pg::Result result, connections_.Run(kReplace, params, deadline));
  if (result.empty()) return WhyUntouched(pool.id, pool.version, deadline);
  return ReadPool(result[0]);
}

absl::StatusOr<BulkPublishStatus> PostgresStore::GetBulkPublish(std::string_view pool_id,
                                                                absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connections_.Read(kGetBulkPublish, pg::Params(pool_id), deadline));
  if (result.empty()) return PoolNotFound(pool_id);
  BulkPublishStatus status;
  TM_ASSIGN_OR_RETURN(status.progress, ReadProgress(result[0]));
  TM_ASSIGN_OR_RETURN(Pool pool, ReadPool(result[0], kProgressColumns));
  status.bulk_publish = std::move(pool.bulk_publish);
  return status;
}

absl::Status PostgresStore::NoteBulkProgress(std::string_view pool_id, BulkJob job,
                                             const BulkProgress& progress, absl::Time now,
                                             absl::Time deadline) {
  const pg::Params params(pool_id, job, progress.datasets_done, progress.datasets_total,
                          progress.datasets_failed, progress.bytes_sent, now);
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connections_.Run(kNoteBulkProgress, params, deadline));
  return result.empty() ? PoolNotFound(pool_id) : absl::OkStatus();
}

absl::Status PostgresStore::Delete(std::string_view pool_id, std::optional<Version> expected,
                                   absl::Time now, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connections_.Run(kDelete, pg::Params(pool_id, expected, now), deadline));
  return result.affected() == 1 ? absl::OkStatus() : WhyUntouched(pool_id, expected, deadline);
}

absl::Status PostgresStore::WhyUntouched(std::string_view pool_id, std::optional<Version> expected,
                                         absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const Pool current, Get(pool_id, deadline));
  return VersionMismatch(pool_id, expected.value_or(current.version), current.version);
}

absl::StatusOr<std::vector<std::string>> PostgresStore::ListUnpurged(absl::Time before,
                                                                     std::int32_t limit,
                                                                     absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connections_.Read(kListUnpurged, pg::Params(before, std::int64_t{limit}), deadline));
  std::vector<std::string> ids;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(std::string id, row.Get<std::string>(0));
    ids.push_back(std::move(id));
  }
  return ids;
}

absl::Status PostgresStore::MarkPurged(std::string_view pool_id, absl::Time now,
                                       absl::Time deadline) {
  return connections_.Run(kMarkPurged, pg::Params(pool_id, now), deadline).status();
}

absl::StatusOr<ChangePage> PostgresStore::ChangesSince(Revision after, std::int32_t limit,
                                                       absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connections_.Read(kChangesSince, pg::Params(after, std::int64_t{limit}), deadline));
  ChangePage page;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(page.head, row.Get<Revision>(0));
    TM_ASSIGN_OR_RETURN(const std::optional<Revision> revision,
                        row.Get<std::optional<Revision>>(1));
    if (!revision) break;
    TM_ASSIGN_OR_RETURN(const bool deleted, row.Get<bool>(2));
    TM_ASSIGN_OR_RETURN(Pool pool, ReadPool(row, 3));
    PoolChange change{.revision = *revision, .pool_id = pool.id};
    if (!deleted) change.pool = std::move(pool);
    page.changes.push_back(std::move(change));
  }
  return page;
}

}  // namespace tidemark::stream_config
