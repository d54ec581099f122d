#pragma once

#include "absl/status/statusor.h"
#include "common/pg/query.h"
#include "common/pg/result.h"
#include "services/dataset/store/store.h"

// ListRecords in PostgreSQL.
namespace tidemark::dataset {

// Gives the dataset, the names merged into it, and a page of its records, as of one moment.
extern const pg::Query kListRecords;

pg::Params RecordPageParams(const RecordQuery& query);

absl::StatusOr<RecordPage> ParseRecordPage(const RecordQuery& query, const pg::Result& result);

}  // namespace tidemark::dataset
