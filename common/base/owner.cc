#include "common/base/owner.h"

#include <string>

#include "common/base/sha256.h"

namespace tidemark {

Owner OwnerOf(std::string_view pool_id, std::string_view identity_id) {
  std::string address;
  address.reserve(pool_id.size() + 1 + identity_id.size());
  address.append(pool_id).push_back('\0');
  address.append(identity_id);
  const Sha256Digest digest = Sha256(address);
  std::uint64_t head = 0;
  for (int i = 0; i < 8; ++i) head = head << 8 | digest[i];
  return Owner(static_cast<std::int64_t>(head));
}

LogShard LogShardOf(Owner owner) {
  return LogShard(static_cast<std::uint8_t>(owner.value() & (kLogShards - 1)));
}

}  // namespace tidemark
