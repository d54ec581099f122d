#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/options.h"
#include "common/pg/query.h"
#include "common/pg/result.h"
#include "common/pg/statements.h"

struct pg_conn;  // libpq's PGconn

namespace tidemark::pg {

struct SessionDeleter {
  void operator()(pg_conn* session) const noexcept;
};
using SessionHandle = std::unique_ptr<pg_conn, SessionDeleter>;

// One session with a PostgreSQL server. Calls block, for a bounded time. For one thread at a time;
// movable; closed by its destructor.
//
// Errors are as errors::DatabaseError makes them. After UNAVAILABLE the outcome of a write is
// unknown, and Healthy() is false for good if the session broke: open another one.
class Connection {
 public:
  // Connects, makes the session's settings and checks the server. UNAVAILABLE if no server can be
  // reached or it is a standby; FAILED_PRECONDITION with DATABASE_UNSUITABLE if it must not be
  // used.
  static absl::StatusOr<Connection> Open(const ConnectOptions& options);

  Connection(Connection&&) = default;
  Connection& operator=(Connection&&) = default;
  ~Connection() = default;

  // Runs one statement, in a transaction of its own unless one was begun. DEADLINE_EXCEEDED if
  // `deadline` or the statement timeout passes: then the statement had no effect, or the session
  // was given up and its outcome is unknown. With a deadline that has passed nothing is sent.
  absl::StatusOr<Result> Run(const Query& query, const Params& params, absl::Time deadline);

  // The same for a statement that is not worth preparing, or is made up: setup, tools and tests.
  absl::StatusOr<Result> RunOnce(std::string_view sql, const Params& params, absl::Time deadline);

  // Runs any number of statements, separated by semicolons, in one transaction unless they or the
  // caller say otherwise. For transactions, migrations and tests: `deadline` bounds the whole, the
  // statement timeout each statement.
  // Gives the outcome of the last one; its rows come as text, so they can't be parsed.
  absl::StatusOr<Result> RunScript(std::string_view sql, absl::Time deadline);

  // Asks the server: false if the session has ended, which is found only by using it. An answer
  // that is not there by `deadline` is no end.
  bool Lives(absl::Time deadline);

  // Whether the session is usable and outside of any transaction, as far as it is known here.
  bool Healthy() const;
  bool InTransaction() const;

  // Ends the session at once: nothing more can be run. The server undoes what was not committed.
  void Condemn();

  // libpq's handle, for common/pg alone; null once condemned.
  pg_conn* native() const { return session_.get(); }
  const ConnectOptions& options() const { return *options_; }

 private:
  enum class Waited { kReady, kTimedOut, kBroken };

  Connection(SessionHandle session, const ConnectOptions& options);

  absl::Time Until(absl::Time deadline) const;
  absl::StatusOr<Result> RunUnnamed(const char* sql, const Params& params, absl::Time until);
  absl::StatusOr<Result> RunPrepared(const Query& query, const Params& params, absl::Time until);
  // The server's name of the prepared statement.
  absl::StatusOr<const char*> Prepare(const Query& query, const std::vector<Oid>& types,
                                      absl::Time until);
  absl::Status CheckUsable(absl::Time until) const;

  // The outcome of what was sent (`sent`: whether libpq took it), waited for until its time is up.
  absl::StatusOr<Result> Collect(int sent, absl::Time until);
  absl::StatusOr<Result> Finish(absl::Time until);
  Waited Wait(absl::Time until);

  SessionHandle session_;
  std::unique_ptr<const ConnectOptions> options_;
  Statements statements_;
};

}  // namespace tidemark::pg
