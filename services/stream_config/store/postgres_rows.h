#pragma once

#include "absl/status/statusor.h"
#include "common/pg/query.h"
#include "common/pg/result.h"
#include "services/stream_config/domain/bulk_publish.h"
#include "services/stream_config/domain/pool.h"

// Pools as rows of stream_config.pool.
namespace tidemark::stream_config {

// What ReadPool reads, for a SELECT or RETURNING.
#define TIDEMARK_POOL_COLUMNS                                                               \
  "pool_id, pool_number, version, create_time, update_time, display_name, stream_enabled, " \
  "stream_name, stream_role_arn, disabled_reason, enabled_time, start_position, epoch, "    \
  "push_application_arns, push_role_arn, sync_trigger_arn, datasets_per_identity, "         \
  "records_per_dataset, bytes_per_dataset, keys_per_dataset, dataset_names_per_identity, "  \
  "epoch_stream_name, bulk_job, bulk_epoch, bulk_start_time, bulk_complete_time, "          \
  "bulk_failure_message, epoch_account, role_external_id"

// The pool in the columns from `first` on.
absl::StatusOr<Pool> ReadPool(const pg::Row& row, int first = 0);

// What ReadProgress reads, of a table `progress`; nulls if there is no row.
#define TIDEMARK_PROGRESS_COLUMNS                                               \
  "progress.datasets_done, progress.datasets_total, progress.datasets_failed, " \
  "progress.bytes_sent, progress.update_time"
inline constexpr int kProgressColumns = 5;

// How far a bulk publish is, in the first columns.
absl::StatusOr<BulkProgress> ReadProgress(const pg::Row& row);

// The pool as parameters $1 to $26: the same columns without pool_number and version, which are the
// store's to give, and without role_external_id, which is written once.
pg::Params PoolParams(const Pool& pool);

}  // namespace tidemark::stream_config
