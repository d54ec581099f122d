#include "services/push/domain/types.h"

namespace tidemark::push {

std::string_view PlatformName(Platform platform) {
  switch (platform) {
    case Platform::kApns:
      return "APNS";
    case Platform::kApnsSandbox:
      return "APNS_SANDBOX";
    case Platform::kGcm:
      return "GCM";
    case Platform::kAdm:
      return "ADM";
  }
  return "";
}

IdentityKey IdentityKey::Of(std::string_view pool_id, std::string_view identity_id) {
  return {std::string(pool_id), std::string(identity_id), OwnerOf(pool_id, identity_id)};
}

}  // namespace tidemark::push
