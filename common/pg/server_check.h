#pragma once

#include "absl/status/status.h"
#include "common/pg/options.h"
#include "common/pg/query.h"
#include "common/pg/result.h"

// Refuses servers that would lose acknowledged data. For common/pg alone.
namespace tidemark::pg {

// Asks a server what CheckServer judges.
extern const Query kDescribeServer;

// Whether a server that answered `described` may be used. UNAVAILABLE for a standby (another server
// may be the primary by now), FAILED_PRECONDITION with DATABASE_UNSUITABLE for what an operator
// must change.
absl::Status CheckServer(const Result& described, ServerCheck check);

}  // namespace tidemark::pg
