#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/config/options.h"
#include "common/pg/migration.h"
#include "common/pg/options.h"

namespace tidemark::pg {

// The options by which a service is given its database.
struct DatabaseOptions {
  Secret dsn;        // of the service's role
  Secret owner_dsn;  // for `migrate`; empty: dsn
  absl::Duration statement_timeout = absl::Seconds(5);
  // A server that would lose acknowledged data (fsync off and the like) is refused unless this is
  // set.
  bool accept_lossy_server = false;
  // Through PgBouncer in transaction mode.
  bool transaction_pooler = false;
};

// Adds `dsn`, `owner-dsn`, `statement-timeout`, `accept-lossy-server` and `transaction-pooler`.
// `role`: the service's, such as "tidemark_dataset".
void Declare(config::Options& options, DatabaseOptions& database, const std::string& role);

// How to connect, shown in pg_stat_activity as `application`.
ConnectOptions ConnectTo(const DatabaseOptions& database, std::string application);

// The command `migrate`: brings the schema up to date as its owner, within 30 minutes, and logs
// that. Errors as Migrate's.
absl::Status RunMigrations(const DatabaseOptions& database, const MigrationSet& migrations);

}  // namespace tidemark::pg
