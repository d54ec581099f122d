#include "common/aws/secret_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/units.h"

namespace tidemark::aws {

absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  constexpr std::streamsize kMaxBytes = 64 * kKiB;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("can't read ", path));
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), kMaxBytes + 1);
  if (file.bad()) return absl::InvalidArgumentError(absl::StrCat("can't read ", path));
  if (file.gcount() > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is over 64 KiB"));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  absl::StripAsciiWhitespace(&text);
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  if (std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); })) {
    return absl::InvalidArgumentError(absl::StrCat(path, " holds control characters"));
  }
  return Secret(std::move(text));
}

}  // namespace tidemark::aws
