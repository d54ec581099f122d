#pragma once

#include "absl/status/status.h"
#include "common/pg/transaction.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Locks the rows of all destinations that `progress` changes, in the order of their ids, until the
// transaction ends; those that it makes are made first. Holders of different log shards change the
// same destinations: without one order for all they could deadlock. To be called before anything is
// stored.
absl::Status LockDestinations(pg::Transaction& transaction, const Progress& progress);

}  // namespace tidemark::publisher
