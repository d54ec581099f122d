#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/ids.h"

namespace tidemark {

// The address of an identity's data: the first 8 bytes (big-endian, two's complement) of
// SHA-256(pool id, a zero byte, identity id). Every row of user data leads with it. Stable for
// ever: changing it would orphan stored data. An address, never proof of identity: pool and
// identity are stored and compared too.
using Owner = Strong<std::int64_t, struct OwnerTag>;

// One of the 256 parts of the change log, owner & 255. Kinesis's shards are "stream shards".
using LogShard = Strong<std::uint8_t, struct LogShardTag>;

inline constexpr int kLogShards = 256;

Owner OwnerOf(std::string_view pool_id, std::string_view identity_id);
LogShard LogShardOf(Owner owner);

}  // namespace tidemark
