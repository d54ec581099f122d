#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tidemark {

// A random UUID (RFC 9562 version 4) in lower case, made of 16 random bytes.
std::string MakeUuid(std::span<const std::uint8_t, 16> random);

}  // namespace tidemark
