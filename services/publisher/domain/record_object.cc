#include "services/publisher/domain/record_object.h"

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"

namespace tidemark::publisher {
namespace {

// With its length in front, so that two different changes never give the same text.
void AppendField(std::string_view field, std::string& text) {
  absl::StrAppend(&text, field.size(), ":", ToAbsl(field), ",");
}

}  // namespace

std::string RecordObjectName(std::string_view secret, std::string_view pool_id,
                             std::string_view identity_id, const ChangeIdentity& change) {
  std::string text = "record-object,";
  AppendField(absl::StrCat(static_cast<int>(change.kind)), text);
  AppendField(pool_id, text);
  AppendField(identity_id, text);
  AppendField(change.dataset_name, text);
  AppendField(absl::StrCat(change.generation), text);
  AppendField(absl::StrCat(change.sync_count), text);
  return absl::StrCat(Hex(HmacSha256(secret, text)), ".json");
}

}  // namespace tidemark::publisher
