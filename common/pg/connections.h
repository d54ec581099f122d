#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/migration.h"
#include "common/pg/options.h"
#include "common/pg/query.h"
#include "common/pg/result.h"

namespace tidemark::pg {

// A few connections to one database, opened when they are needed and replaced when they break. Safe
// for concurrent use.
class Connections {
 public:
  // `count` is at least 1. Connections serve only a database where all of `schema`, which outlives
  // the object, has been applied: FAILED_PRECONDITION with SCHEMA_TOO_OLD until it is migrated.
  Connections(ConnectOptions options, const MigrationSet& schema, int count);

  // Runs one statement once, on a free connection, waiting for one if need be. A connection that
  // was idle is asked first whether its session lives still: one that a restart of the database
  // ended is found broken only when it is used. So each call costs a round trip more; for
  // statements that are rare and can't be repeated. Errors as Connection::Open and Connection::Run.
  absl::StatusOr<Result> Run(const Query& query, const Params& params, absl::Time deadline);

  // The same for a statement that only reads, or may be repeated: if its connection proves broken,
  // as after a restart of the database, it runs again on a new one.
  absl::StatusOr<Result> Read(const Query& query, const Params& params, absl::Time deadline);

 private:
  // A connection for one statement. `fresh`: just opened.
  struct Lease {
    Connection connection;
    bool fresh;
  };

  absl::StatusOr<Lease> Take(absl::Time deadline);
  absl::StatusOr<Connection> Open(absl::Time deadline) const;
  absl::StatusOr<Result> RunOn(Lease& lease, const Query& query, const Params& params,
                               absl::Time deadline);
  void GiveBack(std::optional<Connection> connection);

  const ConnectOptions options_;
  const MigrationSet& schema_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Connection> idle_;
  int free_;  // connections that may be taken, open or not
};

}  // namespace tidemark::pg
