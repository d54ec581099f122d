#include "common/seal/record_link.h"

#include "common/seal/seal.h"

namespace tidemark::seal {
namespace {

constexpr std::string_view kPurpose = "record-link";

}  // namespace

std::string MakeRecordLink(const config::Keyring& keyring, const RecordLink& link) {
  return Seal(keyring, kPurpose, {}, {link.object_key, Number(absl::ToUnixSeconds(link.expiry))});
}

std::optional<RecordLink> OpenRecordLink(const config::Keyring& keyring, std::string_view token) {
  std::optional<Fields> fields = Open(keyring, kPurpose, {}, token);
  if (!fields || fields->size() != 2) return std::nullopt;
  const std::optional<std::int64_t> expiry = ParseNumber((*fields)[1]);
  if (!expiry) return std::nullopt;
  return RecordLink{std::move((*fields)[0]), absl::FromUnixSeconds(*expiry)};
}

}  // namespace tidemark::seal
