#include "services/push/domain/device_id.h"

#include <cstdint>
#include <span>

#include "common/base/sha256.h"
#include "common/base/uuid.h"

namespace tidemark::push {

std::string DeviceIdOf(const IdentityKey& identity, Platform platform, std::string_view token) {
  std::string address;
  for (const std::string_view part :
       {std::string_view(identity.pool_id), std::string_view(identity.identity_id),
        PlatformName(platform), token}) {
    address.append(part).push_back('\0');  // none of them holds one
  }
  const Sha256Digest digest = Sha256(address);
  return MakeUuid(std::span(digest).first<16>());
}

std::string DigestOf(std::string_view token) {
  const Sha256Digest digest = Sha256(token);
  return std::string(AsBytes(digest));
}

}  // namespace tidemark::push
