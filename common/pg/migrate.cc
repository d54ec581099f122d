#include "common/pg/migrate.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/pg/migration_lock.h"
#include "common/pg/transaction.h"

namespace tidemark::pg {
namespace {

constexpr absl::Duration kTryAgain = absl::Milliseconds(250);
constexpr std::string_view kNoTransaction = "\n-- migrate: no-transaction\n";

// $SCHEMA stands for the schema, a constant of the binary. Roles belong to the cluster: another
// database's migration may make the same one at the same time.
constexpr std::string_view kPrepareSchema = R"sql(
CREATE SCHEMA IF NOT EXISTS $SCHEMA;
CREATE TABLE IF NOT EXISTS $SCHEMA.schema_migration (
  number integer PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_time timestamptz NOT NULL DEFAULT now()
);
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tidemark_$SCHEMA') THEN
    CREATE ROLE tidemark_$SCHEMA LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
END $do$;
)sql";

constexpr std::string_view kGrant = R"sql(
GRANT USAGE ON SCHEMA $SCHEMA TO tidemark_$SCHEMA;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA $SCHEMA TO tidemark_$SCHEMA;
GRANT SELECT, USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA $SCHEMA TO tidemark_$SCHEMA;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA $SCHEMA TO tidemark_$SCHEMA;
REVOKE ALL ON $SCHEMA.schema_migration FROM tidemark_$SCHEMA;
GRANT SELECT ON $SCHEMA.schema_migration TO PUBLIC;
)sql";

// A partitioned index (kind I) that waits for its partitions is not one of them.
constexpr Query kInvalidIndexes{"migrate_invalid_indexes",
                                "SELECT format('%I.%I', nspname, relname) FROM pg_index JOIN "
                                "pg_class ON pg_class.oid = indexrelid"
                                " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
                                " WHERE NOT indisvalid AND relkind = 'i' AND nspname = $1"};

bool RunsAlone(const Migration& migration) {
  return absl::StrContains(absl::StrCat("\n", ToAbsl(migration.sql)), ToAbsl(kNoTransaction));
}

std::string For(std::string_view schema, std::string_view sql) {
  return absl::StrReplaceAll(ToAbsl(sql), {{"$SCHEMA", ToAbsl(schema)}});
}

absl::Status Mismatch(std::string_view schema, int number, std::string_view problem) {
  return errors::Error(
      absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_SCHEMA_MISMATCH,
      absl::StrCat("schema ", ToAbsl(schema), ", migration ", number, ": ", ToAbsl(problem)),
      {{"schema", std::string(schema)}, {"number", absl::StrCat(number)}});
}

// Says in the log which migration failed.
absl::Status At(const Migration& migration, absl::Status status) {
  if (status.ok()) return status;
  const std::string text = absl::StrCat("migration ", migration.number, " ", ToAbsl(migration.name),
                                        ": ", errors::DriverTextOf(status));
  return errors::WithDriverText(std::move(status), text);
}

constexpr std::string_view kInsufficientPrivilege = "42501";

// In names of binaries.
std::string Dashed(std::string_view schema) {
  return absl::StrReplaceAll(ToAbsl(schema), {{"_", "-"}});
}

// Says what to do about a role that may not migrate.
absl::Status Advised(std::string_view schema, absl::Status status) {
  if (errors::SqlStateOf(status) != kInsufficientPrivilege) return status;
  return errors::WithDriverText(
      errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                    absl::StrCat("the database role may not create schema ", ToAbsl(schema),
                                 " and role tidemark_", ToAbsl(schema),
                                 ", or does not own them: --owner-dsn-file (TIDEMARK_",
                                 absl::AsciiStrToUpper(ToAbsl(schema)),
                                 "_OWNER_DSN) takes the address with one that does")),
      errors::DriverTextOf(status));
}

absl::Status SchemaTooOld(std::string_view schema, int found, int required,
                          std::string_view problem) {
  return errors::Error(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_SCHEMA_TOO_OLD,
                       absl::StrCat("schema ", ToAbsl(schema), " ", ToAbsl(problem)),
                       {{"schema", std::string(schema)},
                        {"required", absl::StrCat(required)},
                        {"found", absl::StrCat(found)}});
}

// One run of Migrate, under the lock.
class Runner {
 public:
  Runner(Connection& connection, MigrationLock& lock, const MigrationSet& set, absl::Time deadline)
      : connection_(connection), lock_(lock), set_(set), deadline_(deadline) {}

  absl::StatusOr<std::vector<int>> Run() {
    TM_RETURN_IF_ERROR(InTransaction(For(set_.schema, kPrepareSchema)));
    TM_RETURN_IF_ERROR(ReadApplied());
    std::vector<int> numbers;
    for (const Migration& migration : set_.migrations) {
      TM_ASSIGN_OR_RETURN(const bool applied, IsApplied(migration));
      if (applied) continue;
      TM_RETURN_IF_ERROR(lock_.Check());
      TM_RETURN_IF_ERROR(At(migration, Apply(migration)));
      numbers.push_back(migration.number);
    }
    TM_RETURN_IF_ERROR(Retried([&] { return InTransaction(For(set_.schema, kGrant)); }));
    return numbers;
  }

 private:
  // Tries again for as long as others' locks are in the way.
  template <typename Step>
  absl::Status Retried(const Step& step) {
    while (true) {
      absl::Status status = step();
      if (status.code() != absl::StatusCode::kAborted || absl::Now() + kTryAgain > deadline_) {
        return status;
      }
      absl::SleepFor(kTryAgain);
    }
  }

  absl::Status InTransaction(std::string_view script) {
    TM_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(connection_, deadline_));
    TM_RETURN_IF_ERROR(transaction.RunScript(script));
    return std::move(transaction).Commit();
  }

  absl::Status ReadApplied() {
    TM_ASSIGN_OR_RETURN(const Result result,
                        connection_.RunOnce(For(set_.schema,
                                                "SELECT number, checksum"
                                                " FROM $SCHEMA.schema_migration"),
                                            Params(), deadline_));
    TM_ASSIGN_OR_RETURN(const auto rows, (result.ParseAll<std::int32_t, std::string>()));
    for (const auto& [number, checksum] : rows) applied_[number] = checksum;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> IsApplied(const Migration& migration) const {
    const auto found = applied_.find(migration.number);
    if (found == applied_.end()) {
      if (applied_.empty() || applied_.rbegin()->first < migration.number) return false;
      return Mismatch(set_.schema, migration.number, "was left out when later ones were applied");
    }
    if (found->second == migration.sha256) return true;
    return Mismatch(set_.schema, migration.number, "differs from the one that was applied");
  }

  absl::Status Apply(const Migration& migration) {
    if (RunsAlone(migration)) return ApplyAlone(migration);
    return Retried([&]() -> absl::Status {
      TM_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(connection_, deadline_));
      TM_RETURN_IF_ERROR(transaction.RunScript(migration.sql));
      TM_RETURN_IF_ERROR(Record(migration));
      return std::move(transaction).Commit();
    });
  }

  // Waits for locks as long as it takes: statements that can't run in a transaction hold up nobody
  // while they wait, and an index that timed out would stay behind, invalid.
  absl::Status ApplyAlone(const Migration& migration) {
    TM_RETURN_IF_ERROR(connection_.RunScript("SET lock_timeout = 0", deadline_).status());
    TM_RETURN_IF_ERROR(DropInvalidIndexes());
    TM_RETURN_IF_ERROR(connection_.RunScript(migration.sql, deadline_).status());
    TM_RETURN_IF_ERROR(Record(migration));
    const std::int64_t milliseconds = absl::ToInt64Milliseconds(connection_.options().lock_timeout);
    return connection_.RunScript(absl::StrCat("SET lock_timeout = ", milliseconds), deadline_)
        .status();
  }

  // What a CREATE INDEX CONCURRENTLY left that did not come to its end.
  absl::Status DropInvalidIndexes() {
    TM_ASSIGN_OR_RETURN(const Result result,
                        connection_.Run(kInvalidIndexes, Params(set_.schema), deadline_));
    TM_ASSIGN_OR_RETURN(const auto indexes, result.ParseAll<std::string>());
    for (const auto& [index] : indexes) {
      TM_RETURN_IF_ERROR(
          connection_.RunScript(absl::StrCat("DROP INDEX CONCURRENTLY ", index), deadline_)
              .status());
    }
    return absl::OkStatus();
  }

  absl::Status Record(const Migration& migration) {
    return connection_
        .RunOnce(For(set_.schema,
                     "INSERT INTO $SCHEMA.schema_migration (number, name, checksum)"
                     " VALUES ($1, $2, $3)"),
                 Params(migration.number, migration.name, migration.sha256), deadline_)
        .status();
  }

  Connection& connection_;
  MigrationLock& lock_;
  const MigrationSet& set_;
  const absl::Time deadline_;
  std::map<int, std::string> applied_;  // checksums by number
};

}  // namespace

absl::StatusOr<std::vector<int>> Migrate(const ConnectOptions& options, const MigrationSet& set,
                                         absl::Time deadline) {
  ConnectOptions unhurried = options;
  unhurried.statement_timeout = absl::ZeroDuration();
  unhurried.idle_transaction_timeout = absl::ZeroDuration();  // The lock idles meanwhile.
  unhurried.pooling = Pooling::kNone;
  TM_ASSIGN_OR_RETURN(MigrationLock lock, MigrationLock::Take(unhurried, set.schema, deadline));
  TM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(unhurried));
  absl::StatusOr<std::vector<int>> applied = Runner(connection, lock, set, deadline).Run();
  if (!applied.ok()) return Advised(set.schema, applied.status());
  return applied;
}

absl::Status RequireSchema(Connection& connection, std::string_view schema, int number,
                           absl::Time deadline) {
  const auto result = connection.RunOnce(
      For(schema, "SELECT coalesce(max(number), 0) FROM $SCHEMA.schema_migration"), Params(),
      deadline);
  std::int32_t found = 0;
  if (result.ok()) {
    TM_ASSIGN_OR_RETURN(const auto row, result->ParseOnly<std::int32_t>());
    found = std::get<0>(row);
  } else if (const std::string state = errors::SqlStateOf(result.status());
             state == kInsufficientPrivilege) {
    return SchemaTooOld(
        schema, found, number,
        absl::StrCat("may not be used by this role: run `tidemark-", Dashed(schema),
                     " migrate`, and connect with the service's own role, such as tidemark_",
                     ToAbsl(schema)));
  } else if (state != "42P01" && state != "3F000") {  // No such table, no such schema.
    return result.status();
  }
  if (found >= number) return absl::OkStatus();
  return SchemaTooOld(schema, found, number,
                      absl::StrCat("is at migration ", found, ", this binary needs ", number,
                                   ": run `tidemark-", Dashed(schema), " migrate`"));
}

}  // namespace tidemark::pg
