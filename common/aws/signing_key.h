#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/aws/amz_date.h"
#include "common/base/sha256.h"

// The key chain of Signature Version 4, and the signature itself.
namespace tidemark::aws {

// What a signature is valid for. Views of the caller's bytes.
struct CredentialScope {
  std::string_view day;  // YYYYMMDD
  std::string_view region;
  std::string_view service;
};

// Appends "day/region/service/aws4_request".
void AppendScope(const CredentialScope& scope, std::string& out);

// The key that signs all requests of one secret within `scope`: four HMACs.
Sha256Digest DeriveSigningKey(std::string_view secret, const CredentialScope& scope);

// The signature (64 lower-case hexadecimal digits) of a canonical request.
std::string SignCanonicalRequest(std::string_view canonical_request, const AmzDate& date,
                                 const CredentialScope& scope, const Sha256Digest& signing_key);

// Keeps derived signing keys, so that a busy access key derives one a day. Never holds more than
// `slots` of them: each key has one slot by hash, and the newest stays. A slot remembers the secret
// as well: a rotated secret never meets the old one's key. Safe for concurrent use.
class SigningKeyCache {
 public:
  explicit SigningKeyCache(std::size_t slots = 4096);

  Sha256Digest Get(std::string_view access_key_id, std::string_view secret,
                   const CredentialScope& scope);

 private:
  struct Slot {
    std::string access_key_id;
    std::string secret;
    std::string scope;
    Sha256Digest key{};
  };

  std::mutex mutex_;
  std::vector<Slot> slots_;  // guarded by mutex_
};

}  // namespace tidemark::aws
