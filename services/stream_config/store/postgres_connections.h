#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/options.h"
#include "common/pg/query.h"
#include "common/pg/result.h"

namespace tidemark::stream_config {

// A few connections to one database, opened when they are needed and replaced when they break. Safe
// for concurrent use.
class PostgresConnections {
 public:
  // `count` is at least 1. Connections serve only a database whose schema is new enough for this
  // binary: FAILED_PRECONDITION with SCHEMA_TOO_OLD until it is migrated.
  PostgresConnections(pg::ConnectOptions options, int count);

  // Runs one statement on a free connection, waiting for one if need be. Errors as Connection::Open
  // and Connection::Run.
  absl::StatusOr<pg::Result> Run(const pg::Query& query, const pg::Params& params,
                                 absl::Time deadline);

  // The same for a statement that only reads: if its connection proves broken, as after a restart
  // of the database, it runs again on a new one.
  absl::StatusOr<pg::Result> Read(const pg::Query& query, const pg::Params& params,
                                  absl::Time deadline);

 private:
  // A connection for one statement. `fresh`: just opened.
  struct Lease {
    pg::Connection connection;
    bool fresh;
  };

  absl::StatusOr<Lease> Take(absl::Time deadline);
  absl::StatusOr<pg::Connection> Open(absl::Time deadline) const;
  absl::StatusOr<pg::Result> RunOn(Lease& lease, const pg::Query& query, const pg::Params& params,
                                   absl::Time deadline);
  void GiveBack(std::optional<pg::Connection> connection);

  const pg::ConnectOptions options_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<pg::Connection> idle_;
  int free_;  // connections that may be taken, open or not
};

}  // namespace tidemark::stream_config
