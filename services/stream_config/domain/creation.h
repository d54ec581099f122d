#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/stream_config/domain/pool.h"

// Making pools, and what a repeated creation is answered.
namespace tidemark::stream_config {

// A pool to be made. The store gives it number and version.
struct Creation {
  Pool pool;
  // Names the request for its retries; empty for none.
  std::string request_id;
  // A hash of all that the request says, a made-up pool id apart: a retry says the same.
  std::string content_hash;
};

// A pool that stands where a creation would put one: it has its id or its request id.
struct HeldPool {
  Pool pool;
  std::string request_id;
  std::string content_hash;
  bool deleted = false;
};

// The answer to `creation` in view of all pools held in its way: the pool that an earlier attempt
// made or that is equal to what is asked for, nothing if nothing is in the way, or
//   REQUEST_ID_REUSED  the request id names another request
//   POOL_DELETED       the id belonged to a pool that was deleted: its data may still be on its way
//                      out, and caches tell pools apart by id, so ids are never given again
//   POOL_EXISTS        a pool with this id has other settings
absl::StatusOr<std::optional<Pool>> AnswerRepeat(const Creation& creation,
                                                 const std::vector<HeldPool>& held);

// What is quoted as sts:ExternalId for a pool's roles: 32 lower-case hexadecimal digits.
std::string MakeExternalId(std::span<const std::uint8_t, 16> random);

// `<region>:<UUID version 4 of these bytes>`.
std::string MakePoolId(std::string_view region, std::span<const std::uint8_t, 16> random);

}  // namespace tidemark::stream_config
