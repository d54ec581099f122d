#pragma once

#include <cstddef>
#include <string_view>

namespace tidemark::gateway {

// The length of the well-formed UTF-8 character that `text` begins with (RFC 3629: no surrogates,
// shortest form), 0 if there is none.
std::size_t Utf8CharacterLength(std::string_view text);

bool IsUtf8(std::string_view text);

}  // namespace tidemark::gateway
