#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace tidemark {

// Debian's Abseil has a string_view of its own, with no conversion to or from the standard one
// (ABSL_OPTION_USE_STD_STRING_VIEW is 0). Tidemark's interfaces use the standard one; these
// convert where Abseil is called.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace tidemark
