#pragma once

#include "absl/time/time.h"
#include "common/base/random.h"
#include "services/publisher/domain/send_result.h"

namespace tidemark::publisher {

// How long to wait after the `failures`-th failure in a row (from 1): doubles each time up to a
// bound, half of it at random, so that those who failed together do not come back together.
// Throttles wait longer, and what only an operator can mend longest. Zero for Fault::kNone.
absl::Duration BackoffDelay(Fault fault, int failures, Random& random);

}  // namespace tidemark::publisher
