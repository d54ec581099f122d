#include "common/aws/signing_key.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "common/aws/canonical_request.h"

namespace tidemark::aws {
namespace {

constexpr std::string_view kTerminator = "aws4_request";

}  // namespace

void AppendScope(const CredentialScope& scope, std::string& out) {
  out.append(scope.day).push_back('/');
  out.append(scope.region).push_back('/');
  out.append(scope.service).push_back('/');
  out.append(kTerminator);
}

Sha256Digest DeriveSigningKey(std::string_view secret, const CredentialScope& scope) {
  std::string start = "AWS4";
  start.append(secret);
  const Sha256Digest day = HmacSha256(start, scope.day);
  const Sha256Digest region = HmacSha256(AsBytes(day), scope.region);
  const Sha256Digest service = HmacSha256(AsBytes(region), scope.service);
  return HmacSha256(AsBytes(service), kTerminator);
}

std::string SignCanonicalRequest(std::string_view canonical_request, const AmzDate& date,
                                 const CredentialScope& scope, const Sha256Digest& signing_key) {
  std::string text;
  text.reserve(192);
  text.append(kAlgorithm).push_back('\n');
  text.append(date.text()).push_back('\n');
  AppendScope(scope, text);
  text.push_back('\n');
  text.append(Hex(Sha256(canonical_request)));
  return Hex(HmacSha256(AsBytes(signing_key), text));
}

SigningKeyCache::SigningKeyCache(std::size_t slots) : slots_(std::max<std::size_t>(slots, 1)) {}

Sha256Digest SigningKeyCache::Get(std::string_view access_key_id, std::string_view secret,
                                  const CredentialScope& scope) {
  std::string wanted;
  wanted.reserve(64);
  AppendScope(scope, wanted);
  const std::hash<std::string_view> hash;
  const std::size_t index = (hash(access_key_id) * 31 + hash(wanted)) % slots_.size();
  {
    const std::lock_guard lock(mutex_);
    const Slot& slot = slots_[index];
    if (slot.access_key_id == access_key_id && slot.scope == wanted &&
        ConstantTimeEqual(slot.secret, secret)) {
      return slot.key;
    }
  }
  const Sha256Digest key = DeriveSigningKey(secret, scope);
  Slot fresh{std::string(access_key_id), std::string(secret), std::move(wanted), key};
  const std::lock_guard lock(mutex_);
  std::swap(slots_[index], fresh);
  return key;
}

}  // namespace tidemark::aws
