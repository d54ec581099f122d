#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// Applies `requests` in one call of dataset.update_batch (dataset.update_one for a single one),
// which is a transaction of its own, and returns their outcomes in their order. An error is one of
// the call as a whole.
absl::StatusOr<std::vector<UpdateOutcome>> CallUpdate(
    pg::Connection& connection, std::span<const UpdateRequest* const> requests,
    absl::Time deadline);

}  // namespace tidemark::dataset
