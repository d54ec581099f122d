#include "services/push/domain/checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/errors/error.h"

namespace tidemark::push {
namespace {

using errors::Violations;

// Of Apple's tokens; SNS takes no longer ones.
constexpr std::size_t kMinApnsDigits = 64;
constexpr std::size_t kMaxApnsDigits = 400;

// Of UTF-8: U+0000 to U+001F, U+007F, and U+0080 to U+009F, which are the bytes C2 80 to C2 9F.
bool HasControlCharacters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

bool IsApns(Platform platform) {
  return platform == Platform::kApns || platform == Platform::kApnsSandbox;
}

bool IsApnsToken(std::string_view token) {
  return token.size() >= kMinApnsDigits && token.size() <= kMaxApnsDigits &&
         std::ranges::all_of(token, [](char c) { return absl::ascii_isxdigit(c); });
}

}  // namespace

void CheckToken(std::string_view field, Platform platform, std::string_view token,
                Violations& violations) {
  if (token.empty()) {
    violations.Add(field, absl::StrCat("is empty; 1 to ", kMaxTokenBytes, " bytes"));
  } else if (token.size() > kMaxTokenBytes) {
    violations.Add(field, absl::StrCat("has ", token.size(), " bytes; at most ", kMaxTokenBytes));
  } else if (HasControlCharacters(token)) {
    violations.Add(field, "contains control characters");
  } else if (IsApns(platform) && !IsApnsToken(token)) {
    violations.Add(field, absl::StrCat("is none of Apple's, which are ", kMinApnsDigits, " to ",
                                       kMaxApnsDigits, " hexadecimal digits"));
  }
}

void CheckDeviceId(std::string_view field, std::string_view id, Violations& violations) {
  if (id.empty()) {
    violations.Add(field, absl::StrCat("is empty; 1 to ", kMaxDeviceIdBytes, " bytes"));
  } else if (id.size() > kMaxDeviceIdBytes) {
    violations.Add(field, absl::StrCat("'", errors::Excerpt(id), "' has ", id.size(),
                                       " bytes; at most ", kMaxDeviceIdBytes));
  } else if (id.find('\0') != std::string_view::npos) {
    violations.Add(field, "contains U+0000");
  }
}

}  // namespace tidemark::push
