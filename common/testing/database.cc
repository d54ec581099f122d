#include "common/testing/database.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/errors/sqlstate.h"
#include "common/pg/migrate.h"

namespace tidemark::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

[[noreturn]] void Die(std::string_view what, const absl::Status& status = absl::OkStatus()) {
  std::cerr << "TestDatabase: " << what;
  if (!status.ok()) std::cerr << ": " << status << " " << errors::DriverTextOf(status);
  std::cerr << std::endl;
  std::abort();
}

std::string ServerDsn() {
  const char* dsn = std::getenv("TIDEMARK_TEST_DSN");
  if (dsn == nullptr || *dsn == '\0') {
    Die("TIDEMARK_TEST_DSN is not set. It is the URI of a superuser of a PostgreSQL cluster for "
        "tests alone; tests/run starts one.");
  }
  return dsn;
}

std::string Quoted(std::string_view value) {
  return absl::StrCat("'", absl::StrReplaceAll(ToAbsl(value), {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

using Conninfo = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Conninfo Parse(const std::string& dsn) {
  Conninfo parsed(PQconninfoParse(dsn.c_str(), nullptr), PQconninfoFree);
  if (!parsed) Die("TIDEMARK_TEST_DSN is not a libpq connection string or URI");
  return parsed;
}

// What `dsn` says of `keyword`, empty if nothing.
std::string Setting(const std::string& dsn, std::string_view keyword) {
  const Conninfo parsed = Parse(dsn);
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && keyword == option->keyword) return option->val;
  }
  return "";
}

// `dsn` with one of its settings replaced.
std::string With(const std::string& dsn, std::string_view keyword, std::string_view value) {
  const Conninfo parsed = Parse(dsn);
  std::string made = absl::StrCat(ToAbsl(keyword), "=", Quoted(value));
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || keyword == option->keyword) continue;
    absl::StrAppend(&made, " ", option->keyword, "=", Quoted(option->val));
  }
  return made;
}

pg::ConnectOptions OptionsFor(std::string dsn) {
  pg::ConnectOptions options;
  options.dsn = std::move(dsn);
  options.application_name = "tidemark test";
  options.check = pg::ServerCheck::kLossy;
  return options;
}

void RunAt(const pg::ConnectOptions& options, std::string_view sql) {
  absl::StatusOr<pg::Connection> connection = pg::Connection::Open(options);
  if (!connection.ok()) Die("can't connect", connection.status());
  const auto done = connection->RunScript(sql, absl::Now() + kPatience);
  if (!done.ok()) Die(sql, done.status());
}

pg::ConnectOptions ServerOptions() {
  pg::ConnectOptions options = OptionsFor(ServerDsn());
  options.statement_timeout = kPatience;  // A busy disk may take its time for a whole database.
  return options;
}

}  // namespace

std::unique_ptr<TestDatabase> TestDatabase::Create(
    const std::vector<const pg::MigrationSet*>& sets) {
  static std::atomic<int> count = 0;
  const std::string name =
      absl::StrCat("tidemark_test_", getpid(), "_", ++count, "_", absl::ToUnixMicros(absl::Now()));
  RunAt(ServerOptions(),
        absl::StrCat("CREATE DATABASE ", name, " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"));
  std::unique_ptr<TestDatabase> database(new TestDatabase(name));
  for (const pg::MigrationSet* set : sets) {
    const auto applied = pg::Migrate(database->options(), *set, absl::Now() + kPatience);
    if (!applied.ok()) Die("migrations failed", applied.status());
  }
  return database;
}

TestDatabase::TestDatabase(std::string name)
    : name_(std::move(name)), dsn_(With(ServerDsn(), "dbname", name_)) {}

TestDatabase::~TestDatabase() {
  RunAt(ServerOptions(), absl::StrCat("DROP DATABASE ", name_, " WITH (FORCE)"));
}

std::string TestDatabase::DsnAs(std::string_view role) const {
  // Where passwords are asked for, the role gets the superuser's. Other test programs may do the
  // same at this moment.
  if (const std::string password = Setting(dsn_, "password"); !password.empty()) {
    RunAt(ServerOptions(), absl::StrCat("BEGIN; SELECT pg_advisory_xact_lock(1);", "ALTER ROLE ",
                                        ToAbsl(role), " PASSWORD '", password, "'; COMMIT"));
  }
  return With(dsn_, "user", role);
}

pg::ConnectOptions TestDatabase::options() const { return OptionsFor(dsn_); }

pg::Connection TestDatabase::Connect() const {
  absl::StatusOr<pg::Connection> connection = pg::Connection::Open(options());
  if (!connection.ok()) Die("can't connect", connection.status());
  return *std::move(connection);
}

void TestDatabase::Run(std::string_view sql) const { RunAt(options(), sql); }

}  // namespace tidemark::testing
