#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/aws/credentials.h"
#include "common/aws/sigv4_verify.h"

namespace tidemark::aws {

// A fixed set of access keys, e.g. the developer keys of a credentials file.
class StaticSecrets final : public SecretLookup {
 public:
  // Of two credentials with one access key id the later stands.
  explicit StaticSecrets(const std::vector<Credentials>& keys);

  // A key with a session token takes exactly that one, a key without takes none.
  SecretLookupResult Find(std::string_view access_key_id,
                          std::string_view session_token) const override;

 private:
  std::map<std::string, Credentials, std::less<>> keys_;
};

}  // namespace tidemark::aws
