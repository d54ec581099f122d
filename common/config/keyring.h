#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace tidemark::config {

// The installation's keys for HMACs: tokens, page tokens, S3 keys, external ids. All replicas share
// it. To change keys, add the new one in front, and remove the old one when nothing signed with it
// is in use any more.
class Keyring {
 public:
  struct Key {
    std::string id;  // 1..32 of a-z, A-Z, 0-9, '-', '_'
    Secret secret;   // at least 32 bytes
  };

  // Reads lines "id:base64 of the secret", the current key first. Empty lines and those that begin
  // with '#' are skipped. Refuses an empty ring, ids or secrets that occur twice, and secrets that
  // are shorter than 32 bytes or have fewer than 8 distinct bytes. Errors name the line, never what
  // stands in it.
  static absl::StatusOr<Keyring> Parse(std::string_view text);

  // The key to sign with.
  const Key& Current() const { return keys_.front(); }

  // The key to verify with, null if it is unknown.
  const Key* Find(std::string_view id) const;

 private:
  explicit Keyring(std::vector<Key> keys) : keys_(std::move(keys)) {}

  std::vector<Key> keys_;  // never empty
};

}  // namespace tidemark::config
