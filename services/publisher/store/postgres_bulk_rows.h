#pragma once

#include <vector>

#include "absl/status/status.h"
#include "common/pg/transaction.h"
#include "services/publisher/store/lease_store.h"

// What bulk publishes store within a holder's transaction.
namespace tidemark::publisher {

absl::Status StoreBulk(pg::Transaction& transaction, const std::vector<BulkRow>& rows);
absl::Status StoreHealed(pg::Transaction& transaction, const std::vector<Healed>& healed);

}  // namespace tidemark::publisher
