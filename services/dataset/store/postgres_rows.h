#pragma once

#include "absl/status/statusor.h"
#include "common/pg/result.h"
#include "common/pg/types.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"

// The domain's types as PostgreSQL's rows and values.
namespace tidemark::dataset {

pg::Uuid ToUuid(const RequestIdentity::Hash& hash);

// `identity.request`; its last bit says that the caller gave no id (delete_dataset reads it).
pg::Uuid RequestUuid(const RequestIdentity& identity);

// What is remembered of an applied request; the count is negative if a sync trigger made its
// patches.
Applied AppliedOf(SyncCount remembered, absl::Time time, bool replayed);

// Reads a dataset from nine columns, the first of which is column `first`: sync_count, generation,
// live, created_time, modified_time, modified_by, live_records, bytes, deleted_at_count.
absl::StatusOr<DatasetInfo> ParseDatasetInfo(const pg::Row& row, int first, DatasetKey key);

// Reads a record from six columns, the first of which is column `first`: key, value, sync_count,
// modified_time, device_modified_time, modified_by.
absl::StatusOr<Record> ParseRecord(const pg::Row& row, int first);

}  // namespace tidemark::dataset
