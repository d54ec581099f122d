#include "common/pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "common/pg/cancellation.h"
#include "common/pg/lane_errors.h"
#include "common/pg/server_check.h"
#include "common/pg/session.h"

namespace tidemark::pg {
namespace {

constexpr Query kSetConfig{"pg_set_config",
                           "SELECT set_config(name, value, false)"
                           " FROM unnest($1::text[], $2::text[]) AS setting (name, value)"};

Params Settings(const ConnectOptions& options) {
  const std::pair<const char*, absl::Duration> timeouts[] = {
      {"statement_timeout", options.statement_timeout},
      {"lock_timeout", options.lock_timeout},
      {"idle_in_transaction_session_timeout", options.idle_transaction_timeout}};
  std::vector<std::string> names, values;
  for (const auto& [name, timeout] : timeouts) {
    names.push_back(name);
    values.push_back(absl::StrCat(absl::ToInt64Milliseconds(timeout)));
  }
  for (const auto& [name, value] : options.settings) {
    names.push_back(name);
    values.push_back(value);
  }
  return Params(names, values);
}

bool IsCopy(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

}  // namespace

Connection::Connection(SessionHandle session, const ConnectOptions& options)
    : session_(std::move(session)), options_(std::make_unique<ConnectOptions>(options)) {}

absl::StatusOr<Connection> Connection::Open(const ConnectOptions& options) {
  TM_ASSIGN_OR_RETURN(SessionHandle session, Connect(options));
  Connection connection(std::move(session), options);
  const absl::Time until = absl::Now() + options.connect_timeout;
  if (options.pooling == Pooling::kNone) {
    TM_RETURN_IF_ERROR(connection.RunUnnamed(kSetConfig.sql, Settings(options), until).status());
  }
  TM_ASSIGN_OR_RETURN(const Result server,
                      connection.RunUnnamed(kDescribeServer.sql, Params(), until));
  TM_RETURN_IF_ERROR(CheckServer(server, options.check));
  return connection;
}

absl::StatusOr<Result> Connection::Run(const Query& query, const Params& params,
                                       absl::Time deadline) {
  const absl::Time until = Until(deadline);
  if (options_->pooling == Pooling::kTransaction) return RunUnnamed(query.sql, params, until);
  absl::StatusOr<Result> result = RunPrepared(query, params, until);
  if (!StatementIsStale(result.status())) return result;
  statements_.Forget(query);
  if (!Healthy()) return result;
  return RunPrepared(query, params, until);
}

absl::StatusOr<Result> Connection::RunOnce(std::string_view sql, const Params& params,
                                           absl::Time deadline) {
  return RunUnnamed(std::string(sql).c_str(), params, Until(deadline));
}

absl::Time Connection::Until(absl::Time deadline) const {
  if (options_->statement_timeout <= absl::ZeroDuration()) return deadline;
  return std::min(deadline, absl::Now() + options_->statement_timeout);
}

absl::StatusOr<Result> Connection::RunUnnamed(const char* sql, const Params& params,
                                              absl::Time until) {
  TM_RETURN_IF_ERROR(CheckUsable(until));
  const Arguments arguments(params);
  return Collect(PQsendQueryParams(native(), sql, arguments.size(), arguments.types.data(),
                                   arguments.values.data(), arguments.lengths.data(),
                                   arguments.formats.data(), kBinary),
                 until);
}

absl::StatusOr<Result> Connection::RunPrepared(const Query& query, const Params& params,
                                               absl::Time until) {
  TM_RETURN_IF_ERROR(CheckUsable(until));
  const Arguments arguments(params);
  TM_ASSIGN_OR_RETURN(const char* const name, Prepare(query, arguments.types, until));
  return Collect(PQsendQueryPrepared(native(), name, arguments.size(), arguments.values.data(),
                                     arguments.lengths.data(), arguments.formats.data(), kBinary),
                 until);
}

absl::StatusOr<const char*> Connection::Prepare(const Query& query, const std::vector<Oid>& types,
                                                absl::Time until) {
  TM_ASSIGN_OR_RETURN(const Statements::Statement* known, statements_.Find(query, types));
  if (known != nullptr) return known->name.c_str();
  const Statements::Statement& added = statements_.Add(query, types);
  const absl::Status prepared = Collect(PQsendPrepare(native(), added.name.c_str(), query.sql,
                                                      static_cast<int>(types.size()), types.data()),
                                        until)
                                    .status();
  if (prepared.ok()) return added.name.c_str();
  statements_.Forget(query);
  return prepared;
}

absl::StatusOr<Result> Connection::RunScript(std::string_view sql, absl::Time deadline) {
  TM_RETURN_IF_ERROR(CheckUsable(deadline));
  return Collect(PQsendQuery(native(), std::string(sql).c_str()), deadline);
}

absl::Status Connection::CheckUsable(absl::Time until) const {
  if (!session_) return errors::DatabaseError(errors::kConnectionFailure, "the session is closed");
  if (until <= absl::Now()) return LaneDeadlinePassed();
  return absl::OkStatus();
}

absl::StatusOr<Result> Connection::Collect(int sent, absl::Time until) {
  absl::StatusOr<Result> result = sent == 1 ? Finish(until) : BrokenSession(native());
  if (session_ && PQstatus(native()) == CONNECTION_BAD) Condemn();
  return result;
}

absl::StatusOr<Result> Connection::Finish(absl::Time until) {
  absl::Status error;  // the first one
  ResultHandle last;
  std::optional<Cancellation> cancellation;
  while (true) {
    const Waited waited = Wait(until);
    if (waited == Waited::kTimedOut) {
      if (cancellation) {
        Condemn();
        return errors::DatabaseError("57014", "no answer, not even to a request to cancel");
      }
      cancellation.emplace(native());
      until = absl::Now() + options_->cancel_grace;
      continue;
    }
    if (waited == Waited::kBroken && PQstatus(native()) != CONNECTION_BAD) {
      error.Update(BrokenSession(native()));
      Condemn();
      break;
    }
    ResultHandle result(PQgetResult(native()));
    if (!result) break;
    error.Update(StatusOf(result.get()));
    if (PQstatus(native()) == CONNECTION_BAD) break;
    if (IsCopy(result.get())) {  // The server would wait for data that nobody has.
      Condemn();
      break;
    }
    last = std::move(result);
  }
  // A request to cancel that is still on its way would hit the next statement.
  if (cancellation && session_ && !cancellation->Wait(until)) Condemn();
  if (!error.ok()) return error;
  return Result(std::move(last));
}

Connection::Waited Connection::Wait(absl::Time until) {
  while (true) {
    const int unsent = PQflush(native());
    if (unsent < 0) return Waited::kBroken;
    if (unsent == 0 && PQisBusy(native()) == 0) return Waited::kReady;
    const short events = unsent == 0 ? POLLIN : POLLIN | POLLOUT;
    if (!PollUntil(PQsocket(native()), events, until)) return Waited::kTimedOut;
    if (PQconsumeInput(native()) == 0) return Waited::kBroken;
  }
}

bool Connection::Lives(absl::Time deadline) {
  (void)RunOnce("SELECT 1", Params(), deadline);  // what it answers does not matter
  return Healthy();
}

bool Connection::Healthy() const {
  return session_ && PQstatus(native()) == CONNECTION_OK &&
         PQtransactionStatus(native()) == PQTRANS_IDLE;
}

bool Connection::InTransaction() const {
  if (!session_) return false;
  const PGTransactionStatusType status = PQtransactionStatus(native());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

void Connection::Condemn() {
  if (!session_) return;
  // Closing must not wait for a peer that does not read.
  shutdown(PQsocket(native()), SHUT_RDWR);
  session_.reset();
}

}  // namespace tidemark::pg
