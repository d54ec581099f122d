#include "services/dataset/domain/checks.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"

namespace tidemark::dataset {
namespace {

using errors::Excerpt;
using errors::Violations;

void CheckBytes(std::string_view field, std::string_view text, std::size_t bound,
                Violations& violations) {
  if (text.size() <= bound) return;
  violations.Add(
      field, absl::StrCat("'", Excerpt(text), "' has ", text.size(), " bytes; at most ", bound));
}

void CheckNoNul(std::string_view field, std::string_view text, Violations& violations) {
  if (text.find('\0') != std::string_view::npos) violations.Add(field, "contains U+0000");
}

}  // namespace

void CheckKey(std::string_view field, std::string_view key, Violations& violations) {
  if (key.empty()) {
    violations.Add(field, absl::StrCat("is empty; 1 to ", kMaxKeyBytes, " bytes"));
  }
  CheckBytes(field, key, kMaxKeyBytes, violations);
  CheckNoNul(field, key, violations);
}

void CheckValue(std::string_view field, std::string_view value, Violations& violations) {
  if (value.size() <= kMaxValueBytes) return;
  violations.Add(field, absl::StrCat("has ", value.size(), " bytes; at most ", kMaxValueBytes));
}

void CheckSyncCount(std::string_view field, std::int64_t count, Violations& violations) {
  if (count < 0) violations.Add(field, absl::StrCat(count, " is negative; at least 0"));
}

void CheckDeviceId(std::string_view field, std::string_view id, Violations& violations) {
  CheckBytes(field, id, kMaxDeviceIdBytes, violations);
  CheckNoNul(field, id, violations);
}

void CheckClientContext(std::string_view field, std::string_view context, Violations& violations) {
  CheckBytes(field, context, kMaxClientContextBytes, violations);
}

void CheckPatches(std::string_view field, const std::vector<RecordPatch>& patches,
                  Violations& violations) {
  if (patches.size() > kMaxPatches) {
    violations.Add(field, absl::StrCat("has ", patches.size(), " patches; at most ", kMaxPatches));
    return;
  }
  absl::flat_hash_set<absl::string_view> seen;
  seen.reserve(patches.size());
  for (std::size_t i = 0; i < patches.size(); ++i) {
    if (seen.insert(patches[i].key).second) continue;
    violations.Add(absl::StrCat(ToAbsl(field), "[", i, "].key"),
                   absl::StrCat("'", Excerpt(patches[i].key), "' occurs twice; once per request"));
  }
}

}  // namespace tidemark::dataset
