#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/migration.h"
#include "common/pg/options.h"

namespace tidemark::pg {

// Brings the schema of a service up to date, and gives the numbers of the migrations it applied:
//
// - makes the schema, its table schema_migration, and the role tidemark_<schema> if they are
//   missing (a role made beforehand needs no right to make roles);
// - applies what is missing, in order, each in its transaction with its line in schema_migration;
// - lets the role use everything in the schema, and change all but schema_migration. The objects
//   belong to whoever migrates: what only an owner may do, such as attaching a partition, goes
//   through SECURITY DEFINER functions.
//
// `options` must lead straight to the server, not through a transaction pooler.
//
// Any number of runs may happen at the same time; one works, the others wait for it. A migration
// that waits for a lock longer than `options.lock_timeout`, so that it never holds up traffic for
// longer, is tried again until `deadline`; there is no other limit on its time. A database ahead of
// `set` is left as it is.
//
// FAILED_PRECONDITION with SCHEMA_MISMATCH if an applied migration differs from the one in `set`,
// or one is missing below the last applied one. PERMISSION_DENIED, with what to configure, if the
// role may not do all this.
absl::StatusOr<std::vector<int>> Migrate(const ConnectOptions& options, const MigrationSet& set,
                                         absl::Time deadline);

// FAILED_PRECONDITION with SCHEMA_TOO_OLD unless migration `number` of `schema` has been applied,
// or if the role may not look.
// Services ask for their own and for those of schemas they read.
absl::Status RequireSchema(Connection& connection, std::string_view schema, int number,
                           absl::Time deadline);

}  // namespace tidemark::pg
