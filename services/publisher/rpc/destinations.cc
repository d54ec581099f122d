#include "services/publisher/rpc/destinations.h"

namespace tidemark::publisher {

std::vector<DestinationConfig> DestinationsOf(const pools::PoolSnapshot& pools) {
  std::vector<DestinationConfig> destinations;
  for (const pools::PoolPtr& pool : pools.pools()) {
    const stream_config::v1::StreamSettings& stream = pool->stream();
    if (stream.epoch() == 0) continue;  // never enabled
    destinations.push_back(
        {.id = {pool->pool_number(), stream.epoch()},
         .enabled = stream.status() == stream_config::v1::STREAMING_STATUS_ENABLED,
         .pool_id = pool->identity_pool_id(),
         .stream_name = stream.stream_name(),
         .role_arn = stream.role_arn(),
         .external_id = pool->role_external_id(),
         .start = stream.start_position()});
  }
  return destinations;
}

}  // namespace tidemark::publisher
