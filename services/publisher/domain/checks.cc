#include "services/publisher/domain/checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/characters.h"

namespace tidemark::publisher {
namespace {

constexpr std::size_t kMaxPositions = 1000;
constexpr std::size_t kMaxReason = 256;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void CheckPositions(std::string_view field, std::span<const Position> positions,
                    errors::Violations& violations) {
  if (positions.size() > kMaxPositions) {
    violations.Add(field, absl::StrCat("has ", positions.size(), " positions; at most ",
                                       kMaxPositions, ", or none for all of the pool"));
    return;
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] > 0) continue;
    violations.Add(absl::StrCat(std::string(field), "[", i, "]"),
                   absl::StrCat(positions[i], " is no position of the change log: from 1"));
  }
}

void CheckPauseReason(std::string_view field, std::string_view reason,
                      errors::Violations& violations) {
  const std::size_t characters = CountCharacters(reason);
  if (characters > kMaxReason) {
    violations.Add(field, absl::StrCat("'", errors::Excerpt(reason), "' has ", characters,
                                       " characters; 0 to ", kMaxReason));
  }
  const auto control = std::ranges::find_if(reason, IsControl);
  if (control != reason.end()) {
    violations.Add(
        field, absl::StrCat("has the control character ",
                            static_cast<int>(static_cast<unsigned char>(*control)), " at byte ",
                            control - reason.begin(), "; a reason is a line of text without any"));
  }
}

}  // namespace tidemark::publisher
