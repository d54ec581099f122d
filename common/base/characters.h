#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

// Text in UTF-8. The bounds of the contract count characters (code points), not bytes.
namespace tidemark {

// Whether a character begins with this byte: all but continuation bytes.
constexpr bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

constexpr std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

}  // namespace tidemark
