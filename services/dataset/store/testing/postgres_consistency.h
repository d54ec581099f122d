#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/pg/connection.h"
#include "services/dataset/store/memory_store.h"

// For tests: whether what is stored agrees with itself, after storms, crashes and faults.
namespace tidemark::dataset {

// The change log in order of position.
absl::StatusOr<std::vector<LoggedChange>> ReadChangeLog(pg::Connection& connection);

// Everything that does not agree, in words; empty if all is well:
// - each dataset's live records, keys and bytes are those of its records, no record has a count
// above
//   its dataset's, and none belongs to no dataset unless it waits to be purged;
// - each identity's counts are those of its datasets, each pool's bytes those of its identities;
// - the log, played from its start, gives the datasets and their records, with counts that rise
// by 1.
//   If the log was emptied, only what is left of it is checked.
// Nothing may write meanwhile.
absl::StatusOr<std::vector<std::string>> FindInconsistencies(pg::Connection& connection);

}  // namespace tidemark::dataset
