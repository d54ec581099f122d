#include "common/pg/session.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/pg/dsn.h"

namespace tidemark::pg {
namespace {

void IgnoreNotice(void*, const PGresult*) {}

SessionHandle Start(const ConnectOptions& options) {
  // A host that does not answer is given up, and a connection whose peer has vanished breaks.
  const std::string user_timeout =
      absl::StrCat(std::max<std::int64_t>(1, absl::ToInt64Milliseconds(options.connect_timeout)));
  // The DSN overrides what comes before it, and is overridden by what follows.
  const char* const keywords[] = {
      "application_name", "keepalives_idle", "keepalives_interval", "keepalives_count",
      "tcp_user_timeout", "dbname",          "client_encoding",     nullptr};
  const char* const values[] = {options.application_name.c_str(),
                                "5",
                                "2",
                                "3",
                                user_timeout.c_str(),
                                options.dsn.c_str(),
                                "UTF8",
                                nullptr};
  return SessionHandle(PQconnectStartParams(keywords, values, /*expand_dbname=*/1));
}

}  // namespace

void SessionDeleter::operator()(pg_conn* session) const noexcept { PQfinish(session); }

bool PollUntil(int fd, short events, absl::Time until) {
  while (true) {
    const absl::Duration left = until - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    // At most a minute at a time: the clock may be set, and poll counts in an int.
    const absl::Duration slice = std::min(left, absl::Minutes(1));
    pollfd waited{fd, events, 0};
    const int ready =
        poll(&waited, 1,
             static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(slice, absl::Milliseconds(1)))));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
}

absl::StatusOr<SessionHandle> Connect(const ConnectOptions& options) {
  const absl::StatusOr<int> hosts = CountHosts(options.dsn);
  if (!hosts.ok()) return errors::InvalidFields({{"dsn", std::string(hosts.status().message())}});
  const absl::Time until = absl::Now() + *hosts * options.connect_timeout;
  SessionHandle session = Start(options);
  if (!session) return errors::DatabaseError(errors::kConnectionFailure, "out of memory");
  // libpq's protocol: the first wait is for writing.
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  if (PQstatus(session.get()) == CONNECTION_BAD) state = PGRES_POLLING_FAILED;
  while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!PollUntil(PQsocket(session.get()), events, until)) {
      return errors::DatabaseError(errors::kConnectionFailure, "no connection in time");
    }
    state = PQconnectPoll(session.get());
  }
  if (state != PGRES_POLLING_OK) return BrokenSession(session.get());
  PQsetNoticeReceiver(session.get(), IgnoreNotice, nullptr);
  PQsetnonblocking(session.get(), 1);
  return session;
}

absl::Status StatusOf(const pg_result* result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      return absl::OkStatus();
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      return errors::InternalError("COPY can't be run here");
    default:
      break;
  }
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message == nullptr) message = PQresultErrorMessage(result);
  return errors::DatabaseError(sqlstate == nullptr ? errors::kConnectionFailure : sqlstate,
                               message);
}

absl::Status BrokenSession(pg_conn* session) {
  const std::string text(absl::StripTrailingAsciiWhitespace(PQerrorMessage(session)));
  return errors::DatabaseError(errors::kConnectionFailure, text);
}

Arguments::Arguments(const Params& params)
    : values(params.size()), lengths(params.size()), formats(params.size(), kBinary) {
  types.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    types.push_back(params.type(i));
    // libpq takes a null pointer for null; an empty value needs another one.
    values[i] = params.is_null(i) ? nullptr : params.value(i).data();
    lengths[i] = static_cast<int>(params.value(i).size());
  }
}

}  // namespace tidemark::pg
