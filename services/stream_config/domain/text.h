#pragma once

#include <cstddef>
#include <string_view>

// Shapes of text. Everything is ASCII: `\w` and `\d` of the contract's patterns are too.
namespace tidemark::stream_config {

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
inline bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool IsWord(char c) { return IsDigit(c) || IsLower(c) || IsUpper(c) || c == '_'; }

// Whether `text` is one or more characters that all satisfy `allowed`.
template <typename Predicate>
bool IsRunOf(std::string_view text, Predicate allowed) {
  for (const char c : text) {
    if (!allowed(c)) return false;
  }
  return !text.empty();
}

// `text` up to its first `most` characters (common/base/characters.h).
std::string_view TakeCharacters(std::string_view text, std::size_t most);

// `arn:aws:iam::\d+:role/.*`; `.` is anything but control characters.
bool IsRoleArn(std::string_view arn);

// The account, and the region, in an ARN (a role's has none); empty if it is none.
std::string_view AccountOf(std::string_view arn);
std::string_view RegionOf(std::string_view arn);

// `arn:aws:sns:[-0-9a-z]+:\d+:app/[A-Z_]+/[a-zA-Z0-9_.-]+`
bool IsApplicationArn(std::string_view arn);

// `arn:aws:lambda:[-0-9a-z]+:\d+:function:[\w-]+(:[\w$-]+)?`, as Lambda's API has it.
bool IsFunctionArn(std::string_view arn);

}  // namespace tidemark::stream_config
