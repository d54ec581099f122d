#include "common/errors/dataset_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/errors/error.h"

namespace tidemark::errors {
namespace {

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(c) || std::string_view("_.:-").find(c) != std::string_view::npos;
}

// Whether `name` could be a merged copy's: a name of at most 128 bytes, a dot, an identity id.
bool LooksMerged(std::string_view name) {
  for (std::size_t dot = name.find('.'); dot <= kMaxNameBytes; dot = name.find('.', dot + 1)) {
    if (dot > 0 && IsId(name.substr(dot + 1))) return true;
  }
  return false;
}

}  // namespace

void CheckDatasetName(std::string_view field, std::string_view name, Violations& violations) {
  if (name.empty()) {
    violations.Add(field, absl::StrCat("is empty; 1 to ", kMaxNameBytes, " bytes"));
  } else if (!std::ranges::all_of(name, IsNameCharacter)) {
    violations.Add(field,
                   absl::StrCat("'", Excerpt(name), "' has characters outside [a-zA-Z0-9_.:-]"));
  } else if (name.size() > kMaxNameBytes && !LooksMerged(name)) {
    violations.Add(field, absl::StrCat("'", Excerpt(name), "' has ", name.size(),
                                       " bytes; at most ", kMaxNameBytes));
  }
}

}  // namespace tidemark::errors
