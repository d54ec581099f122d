#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/connection.h"
#include "common/pg/query.h"
#include "common/pg/result.h"
#include "common/pg/statements.h"

namespace tidemark::pg {

// A connection in libpq's pipeline mode: statements are sent without waiting for the answers of
// those before, which come in the same order. Each statement is a transaction of its own, so the
// error of one leaves the others alone. Never blocks. For common/pg alone.
//
// An error means that the session is of no more use.
class PipelineSession {
 public:
  // `connection` is healthy, outlives the session, and is used by nothing else from now on.
  static absl::StatusOr<PipelineSession> Enter(Connection& connection);

  // Sends a statement, preparing it first if need be.
  absl::Status Send(const Query& query, const Params& params);

  // Sends what is still to be sent, as far as the socket takes it.
  absl::Status Flush();
  // Whether Flush left something, and wants the socket to be writable.
  bool unsent() const { return unsent_; }

  // Whether Receive has something to do even if the socket has nothing: sending may have read it.
  bool ready() const;

  // Reads what the socket has, and appends the outcomes that are complete, oldest first.
  absl::Status Receive(std::vector<absl::StatusOr<Result>>& outcomes);

  int descriptor() const;

 private:
  struct Pending {
    Query query;
    bool preparing;  // the next result is that of preparing it
    std::optional<absl::StatusOr<Result>> outcome;
  };

  explicit PipelineSession(Connection& connection) : connection_(&connection) {}

  absl::Status Broken() const;
  // What one result means for the oldest statement; whether it is complete.
  absl::StatusOr<bool> Accept(ResultHandle result);

  Connection* connection_;
  Statements statements_;
  std::deque<Pending> pending_;
  bool unsent_ = false;
};

}  // namespace tidemark::pg
