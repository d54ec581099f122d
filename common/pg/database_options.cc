#include "common/pg/database_options.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/obs/log.h"
#include "common/pg/dsn.h"
#include "common/pg/migrate.h"

namespace tidemark::pg {
namespace {

constexpr absl::Duration kMigrationTime = absl::Minutes(30);

}  // namespace

void Declare(config::Options& options, DatabaseOptions& database, const std::string& role) {
  using Presence = config::Options::Presence;
  options.AddSecret("dsn", &database.dsn, Presence::kRequired,
                    absl::StrCat("PostgreSQL's address, as a URI with the role ", role, "."),
                    CheckDsn);
  options.AddSecret("owner-dsn", &database.owner_dsn, Presence::kOptional,
                    "The same with a role that may create schemas and roles, for migrate.",
                    CheckDsn);
  options.Add("statement-timeout", &database.statement_timeout,
              config::Range<absl::Duration>{absl::Milliseconds(100), absl::Minutes(5)},
              "Bound of each database statement.");
  options.Add("accept-lossy-server", &database.accept_lossy_server,
              "Use a database server whose settings lose acknowledged data in a crash.");
  options.Add("transaction-pooler", &database.transaction_pooler,
              "The database is reached through a pooler in transaction mode.");
}

ConnectOptions ConnectTo(const DatabaseOptions& database, std::string application) {
  ConnectOptions options;
  options.dsn = database.dsn.Reveal();
  options.application_name = std::move(application);
  options.statement_timeout = database.statement_timeout;
  if (database.accept_lossy_server) options.check = ServerCheck::kLossy;
  if (database.transaction_pooler) options.pooling = Pooling::kTransaction;
  return options;
}

absl::Status RunMigrations(const DatabaseOptions& database, const MigrationSet& migrations) {
  const std::string service = absl::StrReplaceAll(ToAbsl(migrations.schema), {{"_", "-"}});
  ConnectOptions options = ConnectTo(database, absl::StrCat("tidemark-", service, " migrate"));
  if (!database.owner_dsn.empty()) options.dsn = database.owner_dsn.Reveal();
  TM_ASSIGN_OR_RETURN(const std::vector<int> applied,
                      Migrate(options, migrations, absl::Now() + kMigrationTime));
  obs::Log(obs::Level::kInfo, "the schema is up to date",
           {{"schema", migrations.schema}, {"applied", applied.size()}});
  return absl::OkStatus();
}

}  // namespace tidemark::pg
