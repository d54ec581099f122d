#include "common/aws/bucket_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace tidemark::aws {
namespace {

bool IsLetterOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

bool IsLabel(std::string_view label) {
  return !label.empty() && IsLetterOrDigit(label.front()) && IsLetterOrDigit(label.back()) &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '-'; });
}

}  // namespace

absl::Status CheckBucketName(std::string_view name) {
  constexpr std::size_t kMinBytes = 3;
  constexpr std::size_t kMaxBytes = 63;
  if (name.size() < kMinBytes || name.size() > kMaxBytes) {
    return absl::InvalidArgumentError("is no bucket's name: they have 3 to 63 characters");
  }
  for (std::string_view rest = name;;) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (!IsLabel(rest.substr(0, dot))) {
      return absl::InvalidArgumentError(
          "is no bucket's name: they are made of a-z, 0-9 and '-', may have parts separated by "
          "'.', and each part begins and ends with a letter or digit");
    }
    if (dot == rest.size()) break;
    rest.remove_prefix(dot + 1);
  }
  const auto of_address = [](char c) { return absl::ascii_isdigit(c) || c == '.'; };
  if (std::count(name.begin(), name.end(), '.') == 3 &&
      std::all_of(name.begin(), name.end(), of_address)) {
    return absl::InvalidArgumentError("is no bucket's name: it looks like an IP address");
  }
  return absl::OkStatus();
}

}  // namespace tidemark::aws
