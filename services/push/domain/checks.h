#pragma once

#include <cstddef>
#include <string_view>

#include "common/errors/violations.h"
#include "services/push/domain/types.h"

// The bounds of every field (contract section 6). Each check names the field and the bound it
// breaks, and the value unless that is a token.
namespace tidemark::push {

inline constexpr std::size_t kMaxTokenBytes = 4096;
inline constexpr std::size_t kMaxDeviceIdBytes = 256;

// 1 to 4096 bytes without control characters; for the APNS platforms 64 to 400 hexadecimal digits.
// Says nothing of what the token holds.
void CheckToken(std::string_view field, Platform platform, std::string_view token,
                errors::Violations& violations);

// 1 to 256 bytes without U+0000.
void CheckDeviceId(std::string_view field, std::string_view id, errors::Violations& violations);

}  // namespace tidemark::push
