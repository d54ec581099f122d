#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// One attempt at AdminStore::Merge.
absl::StatusOr<std::vector<DatasetInfo>> MergeOnce(pg::Connection& connection,
                                                   const MergeRequest& request,
                                                   absl::Time deadline);

}  // namespace tidemark::dataset
