#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidemark {

using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest Sha256(std::string_view data);
Sha256Digest HmacSha256(std::string_view key, std::string_view data);

// Lower-case hexadecimal digits of `bytes`.
std::string Hex(std::span<const std::uint8_t> bytes);

// `digest` as bytes in a string_view that lives as long as `digest`.
std::string_view AsBytes(const Sha256Digest& digest);

// Whether a and b are equal, in time that depends on their lengths alone: for secrets.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace tidemark
