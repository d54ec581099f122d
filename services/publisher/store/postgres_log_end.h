#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/pg/query.h"
#include "common/pg/result.h"
#include "services/publisher/domain/types.h"

// For the Postgres stores alone.
namespace tidemark::publisher {

// Which database this is, and where its log ends.
struct LogEnd {
  // The cluster's identifier, its timeline and the database's number: differs after a restore and
  // after a failover, when what was read before may not be there.
  std::string database;
  Position position = 0;  // the highest that a writer has taken
};

// No parameters; for ParseLogEnd.
extern const pg::Query kLogEnd;

absl::StatusOr<LogEnd> ParseLogEnd(const pg::Result& result);

}  // namespace tidemark::publisher
