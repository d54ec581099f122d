#include "common/pg/migration_lock.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"

namespace tidemark::pg {
namespace {

constexpr absl::Duration kAskAgain = absl::Milliseconds(100);

constexpr Query kTryLock{"migrate_try_lock",
                         "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"};
// As a script: what runs by the extended protocol leaves a portal open, and with it a snapshot.
constexpr std::string_view kPing = "SELECT";

}  // namespace

absl::StatusOr<MigrationLock> MigrationLock::Take(const ConnectOptions& options,
                                                  std::string_view schema, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(Connection opened, Connection::Open(options));
  auto connection = std::make_unique<Connection>(std::move(opened));
  const std::string name = absl::StrCat("tidemark migrate ", ToAbsl(schema));
  while (absl::Now() < deadline) {
    TM_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*connection, deadline));
    TM_ASSIGN_OR_RETURN(const Result asked, transaction.Run(kTryLock, Params(name)));
    TM_ASSIGN_OR_RETURN(const std::tuple<bool> taken, asked.ParseOnly<bool>());
    if (std::get<0>(taken)) {
      MigrationLock lock(std::move(connection), std::move(transaction));
      TM_RETURN_IF_ERROR(lock.Check());  // Closes the portal.
      return lock;
    }
    TM_RETURN_IF_ERROR(std::move(transaction).Commit());
    absl::SleepFor(kAskAgain);
  }
  return errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY,
                       "another process was migrating the schema for all of the time given");
}

absl::Status MigrationLock::Check() { return transaction_.RunScript(kPing); }

}  // namespace tidemark::pg
