#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace tidemark::pg {

// How statements reach the server.
enum class Pooling {
  // Straight: statements are prepared once per connection.
  kNone,
  // Through a pooler that hands out a server per transaction (PgBouncer's transaction mode):
  // statements are unnamed, and no settings of the session are made.
  kTransaction,
};

// What a server must be like to be used.
enum class ServerCheck {
  // A primary, at least version 15, in UTF-8, that keeps what it acknowledged: fsync,
  // full_page_writes and synchronous_commit are not off.
  kDurable,
  // The same, but settings that lose acknowledged data in a crash are accepted: for throwaway data.
  kLossy,
  // Whatever answers, standbys included: for tools that look, and for tests.
  kNone,
};

struct ConnectOptions {
  // A libpq connection string or URI. What it leaves out comes from libpq's environment (PGHOST,
  // PGPASSFILE, ...) and defaults. Several hosts are tried in turn.
  std::string dsn;
  // Shown in pg_stat_activity.
  std::string application_name = "tidemark";
  // For each host, until the session is usable. Name resolution has limits of its own.
  absl::Duration connect_timeout = absl::Seconds(3);
  // Bounds every statement, on the server and here; its deadline may end it sooner. Zero: none.
  absl::Duration statement_timeout = absl::Seconds(5);
  // How long a statement waits for a lock before it is ABORTED. Zero: as long as it may run.
  absl::Duration lock_timeout = absl::Seconds(1);
  // Ends the session of a client that stops in the middle of a transaction, so that it holds its
  // locks no longer than this. Zero: never.
  absl::Duration idle_transaction_timeout = absl::Seconds(30);
  // After a statement's time is up the server is asked to cancel it. If that has not ended it after
  // this long, the connection is given up: a frozen server holds no thread for longer.
  absl::Duration cancel_grace = absl::Milliseconds(500);
  // More settings of the session, name and value: {"plan_cache_mode", "force_generic_plan"}.
  // Not made with Pooling::kTransaction.
  std::vector<std::pair<std::string, std::string>> settings;
  Pooling pooling = Pooling::kNone;
  ServerCheck check = ServerCheck::kDurable;
};

}  // namespace tidemark::pg
