#include "common/pg/transaction.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"

namespace tidemark::pg {
namespace {

constexpr absl::Duration kRollbackTime = absl::Seconds(1);

const char* BeginStatement(Isolation isolation) {
  switch (isolation) {
    case Isolation::kReadCommitted:
      return "BEGIN ISOLATION LEVEL READ COMMITTED";
    case Isolation::kRepeatableRead:
      return "BEGIN ISOLATION LEVEL REPEATABLE READ";
    case Isolation::kSerializable:
      return "BEGIN ISOLATION LEVEL SERIALIZABLE";
  }
  return "BEGIN";
}

}  // namespace

absl::StatusOr<Transaction> Transaction::Begin(Connection& connection, absl::Time deadline,
                                               Isolation isolation) {
  if (connection.InTransaction()) return errors::InternalError("already in a transaction");
  TM_RETURN_IF_ERROR(connection.RunScript(BeginStatement(isolation), deadline).status());
  return Transaction(connection, deadline);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), deadline_(other.deadline_) {}

Transaction::~Transaction() {
  if (connection_ == nullptr || !connection_->InTransaction()) return;
  if (!connection_->RunScript("ROLLBACK", absl::Now() + kRollbackTime).ok()) connection_->Condemn();
}

absl::StatusOr<Result> Transaction::Run(const Query& query, const Params& params) {
  return connection_->Run(query, params, deadline_);
}

absl::Status Transaction::RunScript(std::string_view sql) {
  return connection_->RunScript(sql, deadline_).status();
}

absl::Status Transaction::Commit() && {
  TM_ASSIGN_OR_RETURN(const Result result, connection_->RunScript("COMMIT", deadline_));
  connection_ = nullptr;
  // The server answers COMMIT of a failed transaction with ROLLBACK, and does not call it an error.
  if (result.command() == "COMMIT") return absl::OkStatus();
  return errors::InternalError("a transaction that had failed was committed");
}

}  // namespace tidemark::pg
