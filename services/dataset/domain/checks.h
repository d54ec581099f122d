#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/errors/dataset_name.h"
#include "common/errors/violations.h"
#include "services/dataset/domain/types.h"

// The bounds of every field (contract section 2). Each check names the field, the value and the
// bound it breaks.
namespace tidemark::dataset {

using errors::CheckDatasetName;
using errors::kMaxMergedNameBytes;
using errors::kMaxNameBytes;
inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::size_t kMaxValueBytes = 1'048'575;
inline constexpr std::size_t kMaxDeviceIdBytes = 256;
inline constexpr std::size_t kMaxClientContextBytes = 4096;
// More keys than any pool's limits allow a dataset.
inline constexpr std::size_t kMaxPatches = 65'536;

// 1 to 1024 bytes without U+0000.
void CheckKey(std::string_view field, std::string_view key, errors::Violations& violations);

// At most 1,048,575 bytes.
void CheckValue(std::string_view field, std::string_view value, errors::Violations& violations);

// At least 0.
void CheckSyncCount(std::string_view field, std::int64_t count, errors::Violations& violations);

// 0 to 256 bytes without U+0000.
void CheckDeviceId(std::string_view field, std::string_view id, errors::Violations& violations);

// At most 4096 bytes.
void CheckClientContext(std::string_view field, std::string_view context,
                        errors::Violations& violations);

// At most kMaxPatches, each key once.
void CheckPatches(std::string_view field, const std::vector<RecordPatch>& patches,
                  errors::Violations& violations);

}  // namespace tidemark::dataset
