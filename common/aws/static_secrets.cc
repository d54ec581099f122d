#include "common/aws/static_secrets.h"

#include "common/base/sha256.h"

namespace tidemark::aws {

StaticSecrets::StaticSecrets(const std::vector<Credentials>& keys) {
  for (const Credentials& key : keys) keys_.insert_or_assign(key.access_key_id, key);
}

SecretLookupResult StaticSecrets::Find(std::string_view access_key_id,
                                       std::string_view session_token) const {
  const auto found = keys_.find(access_key_id);
  if (found == keys_.end() ||
      !ConstantTimeEqual(found->second.session_token.Reveal(), session_token)) {
    return {};
  }
  return {SecretLookupResult::State::kFound, found->second.secret_access_key};
}

}  // namespace tidemark::aws
