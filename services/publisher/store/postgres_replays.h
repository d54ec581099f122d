#pragma once

#include <vector>

#include "absl/status/status.h"
#include "common/pg/transaction.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Takes parked changes off the list, or says why they were refused again. Those that are not there
// any more are left out.
absl::Status StoreReplays(pg::Transaction& transaction, const std::vector<ReplayOutcome>& replays);

}  // namespace tidemark::publisher
