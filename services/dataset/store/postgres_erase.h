#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// One attempt at AdminStore::Erase.
absl::StatusOr<Erased> EraseOnce(pg::Connection& connection, const EraseRequest& request,
                                 absl::Time deadline);

}  // namespace tidemark::dataset
