#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidemark::pg {

// How many hosts a libpq connection string or URI names; at least 1. INVALID_ARGUMENT, without the
// text or libpq's words on it, which may hold a password, if it is neither.
absl::StatusOr<int> CountHosts(const std::string& dsn);

// OK if CountHosts is: for configurations.
absl::Status CheckDsn(const std::string& dsn);

}  // namespace tidemark::pg
