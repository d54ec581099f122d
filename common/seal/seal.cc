#include "common/seal/seal.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"

namespace tidemark::seal {
namespace {

// A token is base64url(key id, NUL, fields joined by NUL, NUL, MAC cut to 16 bytes): 128 bits are
// beyond guessing (RFC 2104 section 5 allows half the hash), and tokens travel in every call.
constexpr std::size_t kMacBytes = 16;
constexpr char kSeparator = '\0';

std::string Mac(const config::Keyring::Key& key, std::string_view purpose, const Fields& inputs,
                std::string_view body) {
  // Lengths in front keep two different (inputs, body) from giving the same text.
  std::string text = absl::StrCat(ToAbsl(purpose), absl::string_view("\0", 1), inputs.size());
  for (const std::string& input : inputs) {
    absl::StrAppend(&text, absl::string_view("\0", 1), input.size(), ":", input);
  }
  absl::StrAppend(&text, absl::string_view("\0", 1), ToAbsl(body));
  const Sha256Digest digest = HmacSha256(key.secret.Reveal(), text);
  return std::string(AsBytes(digest).substr(0, kMacBytes));
}

}  // namespace

std::string Seal(const config::Keyring& keyring, std::string_view purpose, const Fields& inputs,
                 const Fields& fields) {
  const config::Keyring::Key& key = keyring.Current();
  std::string body = absl::StrCat(key.id, absl::string_view("\0", 1),
                                  absl::StrJoin(fields, absl::string_view("\0", 1)));
  const std::string mac = Mac(key, purpose, inputs, body);
  body.push_back(kSeparator);
  return absl::WebSafeBase64Escape(absl::StrCat(body, mac));
}

std::optional<Fields> Open(const config::Keyring& keyring, std::string_view purpose,
                           const Fields& inputs, std::string_view token) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(ToAbsl(token), &text)) return std::nullopt;
  // Abseil passes over white space and bits that nobody uses.
  if (absl::WebSafeBase64Escape(text) != ToAbsl(token)) return std::nullopt;
  if (text.size() < kMacBytes + 1) return std::nullopt;
  if (text[text.size() - kMacBytes - 1] != kSeparator) return std::nullopt;
  const std::string_view mac = std::string_view(text).substr(text.size() - kMacBytes);
  const std::string_view body = std::string_view(text).substr(0, text.size() - kMacBytes - 1);
  const config::Keyring::Key* key = keyring.Find(body.substr(0, body.find(kSeparator)));
  if (key == nullptr || !ConstantTimeEqual(mac, Mac(*key, purpose, inputs, body))) {
    return std::nullopt;
  }
  Fields fields = absl::StrSplit(ToAbsl(body), kSeparator);
  fields.erase(fields.begin());  // the key's id
  return fields;
}

std::string Number(std::int64_t value) { return absl::StrCat(value); }

std::optional<std::int64_t> ParseNumber(std::string_view field) {
  std::int64_t value = 0;
  if (!absl::SimpleAtoi(ToAbsl(field), &value)) return std::nullopt;
  return value;
}

}  // namespace tidemark::seal
