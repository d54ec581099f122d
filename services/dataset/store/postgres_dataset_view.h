#pragma once

#include "absl/status/statusor.h"
#include "common/pg/query.h"
#include "common/pg/result.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// ReadStore::View in one statement: of one moment.
extern const pg::Query kViewDataset;
pg::Params ViewParams(const ViewQuery& query);
absl::StatusOr<DatasetView> ParseView(const pg::Result& result);

}  // namespace tidemark::dataset
