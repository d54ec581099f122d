#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// The steps of AdminStore::Erase. Each statement is short whatever the identity holds.

// Logs the deletions, erases the identity's rows, queues its records for deletion and says what all
// that was, without the rows of the log.
absl::StatusOr<Erased> EraseOnce(pg::Connection& connection, const EraseRequest& request,
                                 absl::Time deadline);

// Deletes some of the identity's records that no dataset refers to. True: none are left.
absl::StatusOr<bool> PurgeErased(pg::Connection& connection, const IdentityKey& identity,
                                 absl::Time deadline);

// Counts the identity's rows of the change log. Gives up after 3 s.
absl::StatusOr<std::int64_t> CountInLog(pg::Connection& connection, Owner owner,
                                        absl::Time deadline);

}  // namespace tidemark::dataset
