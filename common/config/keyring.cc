#include "common/config/keyring.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"

namespace tidemark::config {
namespace {

constexpr std::size_t kMinSecretBytes = 32;
constexpr std::size_t kMinDistinctBytes = 8;
constexpr std::size_t kMaxIdBytes = 32;
constexpr std::string_view kIdCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

absl::Status Fault(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

absl::Status CheckId(std::string_view id) {
  if (id.empty() || id.size() > kMaxIdBytes ||
      id.find_first_not_of(kIdCharacters) != std::string_view::npos) {
    return Fault("the key id is not 1 to 32 letters, digits, '-' or '_'");
  }
  return absl::OkStatus();
}

absl::Status CheckSecret(std::string_view secret) {
  if (secret.size() < kMinSecretBytes) {
    return Fault(absl::StrCat("the secret has ", secret.size(),
                              " bytes, at least 32 are needed; make one with "
                              "`openssl rand -base64 32`"));
  }
  std::string distinct(secret);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() < kMinDistinctBytes) {
    return Fault("the secret is not random; make one with `openssl rand -base64 32`");
  }
  return absl::OkStatus();
}

absl::StatusOr<Keyring::Key> ParseKey(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return Fault("not of the form key-id:base64-secret");
  const std::string_view id = line.substr(0, colon);
  TM_RETURN_IF_ERROR(CheckId(id));
  std::string secret;
  if (!absl::Base64Unescape(ToAbsl(line.substr(colon + 1)), &secret)) {
    return Fault("the secret is not base64");
  }
  TM_RETURN_IF_ERROR(CheckSecret(secret));
  return Keyring::Key{std::string(id), Secret(std::move(secret))};
}

}  // namespace

absl::StatusOr<Keyring> Keyring::Parse(std::string_view text) {
  std::vector<Key> keys;
  int number = 0;
  for (absl::string_view part : absl::StrSplit(ToAbsl(text), '\n')) {
    ++number;
    part = absl::StripAsciiWhitespace(part);
    if (part.empty() || part[0] == '#') continue;
    absl::StatusOr<Key> key = ParseKey(ToStd(part));
    if (!key.ok()) return Fault(absl::StrCat("line ", number, ": ", key.status().message()));
    for (const Key& other : keys) {
      if (other.id == key->id) return Fault(absl::StrCat("line ", number, ": key id used before"));
      if (other.secret.Reveal() == key->secret.Reveal()) {
        return Fault(absl::StrCat("line ", number, ": secret used before"));
      }
    }
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return Fault("holds no key; write key-id:base64-secret");
  return Keyring(std::move(keys));
}

const Keyring::Key* Keyring::Find(std::string_view id) const {
  for (const Key& key : keys_) {
    if (key.id == id) return &key;
  }
  return nullptr;
}

}  // namespace tidemark::config
