#include "common/errors/violations.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"

namespace tidemark::errors {
namespace {

constexpr std::size_t kMaxIdLength = 55;
constexpr std::size_t kMaxRequestIdLength = 128;
constexpr int kMaxPageSize = 1024;

bool IsWordOrDash(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }
bool IsLowerHexOrDash(char c) {
  return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f') || c == '-';
}

}  // namespace

void Violations::Add(std::string_view field, std::string_view description) {
  violations_.push_back({std::string(field), std::string(description)});
}

absl::Status Violations::ToStatus() const {
  return violations_.empty() ? absl::OkStatus() : InvalidFields(violations_);
}

bool IsId(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (text.size() > kMaxIdLength || colon == std::string_view::npos || colon == 0) return false;
  const std::string_view tail = text.substr(colon + 1);
  return !tail.empty() && std::ranges::all_of(text.substr(0, colon), IsWordOrDash) &&
         std::ranges::all_of(tail, IsLowerHexOrDash);
}

void CheckId(std::string_view field, std::string_view id, Violations& violations) {
  if (IsId(id)) return;
  violations.Add(field, absl::StrCat("'", Excerpt(id), "' is not 1 to ", kMaxIdLength,
                                     " characters of the form [\\w-]+:[0-9a-f-]+"));
}

void CheckRequestId(std::string_view field, std::string_view id, Violations& violations) {
  if (id.size() > kMaxRequestIdLength) {
    violations.Add(field, absl::StrCat("'", Excerpt(id), "' has ", id.size(), " bytes; at most ",
                                       kMaxRequestIdLength));
  }
  if (id.find('\0') != std::string_view::npos) violations.Add(field, "contains U+0000");
}

int CheckPageSize(std::string_view field, int page_size, int absent, Violations& violations) {
  if (page_size < 0) {
    violations.Add(field, absl::StrCat(page_size, " is negative; 0 to ", kMaxPageSize));
  }
  return page_size == 0 ? absent : std::clamp(page_size, 1, kMaxPageSize);
}

}  // namespace tidemark::errors
