#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/stream_config/store/store.h"

namespace tidemark::stream_config {

// What becomes of a pool: itself, changed, or nothing to leave it as it is. Runs again when another
// write came between, so it keeps no state; it may ask other services.
using Edit = std::function<absl::StatusOr<std::optional<Pool>>(const Pool& pool)>;

// Reads a pool, edits it and writes it back, and answers what is then stored. POOL_NOT_FOUND;
// VERSION_MISMATCH if the pool is not, or not any more, at `expected`; without `expected` it begins
// again, and gives up as CONCURRENT_CHANGE after a few attempts. Errors of `edit` are passed on.
absl::StatusOr<Pool> Update(PoolStore& store, std::string_view pool_id,
                            std::optional<Version> expected, const Edit& edit, absl::Time deadline);

}  // namespace tidemark::stream_config
