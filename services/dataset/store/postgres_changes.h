#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/pg/connection.h"
#include "common/pg/transaction.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/domain/types.h"

// Steps that transactions of PostgresAdminStore are made of.
namespace tidemark::dataset {

// Deletes a live dataset, in a transaction of its own, or finds what hinders it.
absl::StatusOr<DeleteOutcome> DeleteDataset(pg::Connection& connection,
                                            const DeleteRequest& request, absl::Time deadline);

// Deletes a dataset as part of something larger, which is nobody's to repeat.
absl::StatusOr<DeleteOutcome> DeleteDataset(pg::Transaction& transaction, const DatasetKey& dataset,
                                            PoolNumber pool_number, const ChangeOrigin& origin);

// Locks everything of some identities until the transaction ends.
absl::Status LockIdentities(pg::Transaction& transaction,
                            const std::vector<IdentityKey>& identities);

// The database's time, cut to milliseconds.
absl::StatusOr<absl::Time> Now(pg::Transaction& transaction);

}  // namespace tidemark::dataset
