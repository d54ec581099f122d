#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"

namespace tidemark::pg {

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };

// A transaction, undone by its destructor unless it was committed. The connection must outlive it,
// and nothing else may use the connection meanwhile.
//
// Through a transaction pooler this is safe: one server serves it from begin to end.
class Transaction {
 public:
  // `connection` must not be in a transaction. `deadline` holds for all of it.
  static absl::StatusOr<Transaction> Begin(Connection& connection, absl::Time deadline,
                                           Isolation isolation = Isolation::kReadCommitted);

  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // As Connection::Run. After an error, all further statements fail.
  absl::StatusOr<Result> Run(const Query& query, const Params& params);
  absl::Status RunScript(std::string_view sql);

  // An error means that nothing was committed, save UNAVAILABLE and DEADLINE_EXCEEDED: then the
  // outcome is unknown. A transaction that is finished can't be used again: std::move(t).Commit().
  absl::Status Commit() &&;

 private:
  Transaction(Connection& connection, absl::Time deadline)
      : connection_(&connection), deadline_(deadline) {}

  Connection* connection_;  // null once finished or moved away
  absl::Time deadline_;
};

}  // namespace tidemark::pg
