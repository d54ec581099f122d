#pragma once

#include <cstddef>
#include <string_view>

#include "common/errors/violations.h"

namespace tidemark::errors {

// Bytes of a name that a client may give a dataset, and of a merged copy's (`<name>.<identity>`).
inline constexpr std::size_t kMaxNameBytes = 128;
inline constexpr std::size_t kMaxMergedNameBytes = 184;

// 1 to 184 bytes of `[a-zA-Z0-9_.:-]` (contract section 2); above 128 bytes only what ends like a
// merged copy's name, in a dot and an identity id. Whether such a copy exists is not known here.
void CheckDatasetName(std::string_view field, std::string_view name, Violations& violations);

}  // namespace tidemark::errors
