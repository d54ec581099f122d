#include "common/pg/pipeline_session.h"

#include <libpq-fe.h>

#include <utility>

#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "common/pg/session.h"

namespace tidemark::pg {

absl::StatusOr<PipelineSession> PipelineSession::Enter(Connection& connection) {
  PipelineSession session(connection);
  if (PQenterPipelineMode(connection.native()) != 1) return session.Broken();
  return session;
}

absl::Status PipelineSession::Send(const Query& query, const Params& params) {
  const Arguments arguments(params);
  pg_conn* const native = connection_->native();
  if (connection_->options().pooling == Pooling::kTransaction) {
    if (PQsendQueryParams(native, query.sql, arguments.size(), arguments.types.data(),
                          arguments.values.data(), arguments.lengths.data(),
                          arguments.formats.data(), kBinary) != 1) {
      return Broken();
    }
    pending_.push_back({query, /*preparing=*/false, std::nullopt});
  } else {
    TM_ASSIGN_OR_RETURN(const Statements::Statement* statement,
                        statements_.Find(query, arguments.types));
    const bool prepare = statement == nullptr;
    if (prepare) {
      statement = &statements_.Add(query, arguments.types);
      if (PQsendPrepare(native, statement->name.c_str(), query.sql, arguments.size(),
                        arguments.types.data()) != 1) {
        return Broken();
      }
    }
    if (PQsendQueryPrepared(native, statement->name.c_str(), arguments.size(),
                            arguments.values.data(), arguments.lengths.data(),
                            arguments.formats.data(), kBinary) != 1) {
      return Broken();
    }
    pending_.push_back({query, prepare, std::nullopt});
  }
  return PQpipelineSync(native) == 1 ? absl::OkStatus() : Broken();
}

absl::Status PipelineSession::Flush() {
  const int left = PQflush(connection_->native());
  unsent_ = left == 1;
  return left < 0 ? Broken() : absl::OkStatus();
}

absl::Status PipelineSession::Receive(std::vector<absl::StatusOr<Result>>& outcomes) {
  if (PQconsumeInput(connection_->native()) != 1) return Broken();
  while (!pending_.empty() && PQisBusy(connection_->native()) == 0) {
    ResultHandle result(PQgetResult(connection_->native()));
    if (!result) continue;  // the end of one command's results
    TM_ASSIGN_OR_RETURN(const bool complete, Accept(std::move(result)));
    if (!complete) continue;
    outcomes.push_back(*std::move(pending_.front().outcome));
    pending_.pop_front();
  }
  return PQstatus(connection_->native()) == CONNECTION_OK ? absl::OkStatus() : Broken();
}

absl::StatusOr<bool> PipelineSession::Accept(ResultHandle result) {
  Pending& oldest = pending_.front();
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC:
      if (!oldest.outcome) return errors::InternalError("a statement came to no result");
      return true;
    case PGRES_PIPELINE_ABORTED:  // It could not be prepared; its error came first.
      return false;
    default:
      break;
  }
  absl::Status status = StatusOf(result.get());
  if (PQstatus(connection_->native()) != CONNECTION_OK) return status;
  if (!status.ok()) {
    if (oldest.preparing || StatementIsStale(status)) statements_.Forget(oldest.query);
    if (!oldest.outcome) oldest.outcome = std::move(status);
  } else if (oldest.preparing) {
    oldest.preparing = false;
  } else {
    oldest.outcome = Result(std::move(result));
  }
  return false;
}

bool PipelineSession::ready() const {
  return !pending_.empty() && PQisBusy(connection_->native()) == 0;
}

int PipelineSession::descriptor() const { return PQsocket(connection_->native()); }

absl::Status PipelineSession::Broken() const { return BrokenSession(connection_->native()); }

}  // namespace tidemark::pg
