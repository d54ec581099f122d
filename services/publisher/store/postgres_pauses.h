#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "services/publisher/store/steering.h"

namespace tidemark::publisher {

// The pauses of one pool, or of all.
absl::StatusOr<Pauses> LoadPauses(pg::Connection& connection,
                                  std::optional<std::int32_t> pool_number, absl::Time deadline);

}  // namespace tidemark::publisher
