#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/options.h"
#include "common/pg/transaction.h"

namespace tidemark::pg {

// The right to migrate a schema: one holder at a time in a database. It is a lock of an open
// transaction on a connection of its own, which holds no snapshot: CREATE INDEX CONCURRENTLY, which
// waits for those, can run beside it. Others wait by asking again, for the same reason.
class MigrationLock {
 public:
  // UNAVAILABLE with NOT_READY if another holds it until `deadline`.
  static absl::StatusOr<MigrationLock> Take(const ConnectOptions& options, std::string_view schema,
                                            absl::Time deadline);

  // An error if the lock was lost, with its connection.
  absl::Status Check();

 private:
  MigrationLock(std::unique_ptr<Connection> connection, Transaction transaction)
      : connection_(std::move(connection)), transaction_(std::move(transaction)) {}

  std::unique_ptr<Connection> connection_;  // outlives the transaction
  Transaction transaction_;
};

}  // namespace tidemark::pg
