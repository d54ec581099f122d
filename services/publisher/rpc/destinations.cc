#include "services/publisher/rpc/destinations.h"

namespace tidemark::publisher {
namespace {

namespace config_wire = stream_config::v1;

std::optional<BulkJob> BulkJobOf(const config_wire::Pool& pool) {
  const config_wire::BulkPublish& bulk = pool.bulk_publish();
  if (bulk.job() == 0 || bulk.epoch() != pool.stream().epoch()) return std::nullopt;
  BulkJob job{.job = bulk.job(),
              .state = BulkJob::State::kFailed,
              .start = absl::FromUnixSeconds(bulk.start_time().seconds()) +
                       absl::Nanoseconds(bulk.start_time().nanos())};
  if (bulk.state() == config_wire::BULK_PUBLISH_STATE_IN_PROGRESS)
    job.state = BulkJob::State::kRunning;
  if (bulk.state() == config_wire::BULK_PUBLISH_STATE_SUCCEEDED)
    job.state = BulkJob::State::kSucceeded;
  return job;
}

}  // namespace

std::vector<DestinationConfig> DestinationsOf(const pools::PoolSnapshot& pools) {
  std::vector<DestinationConfig> destinations;
  for (const pools::PoolPtr& pool : pools.pools()) {
    const stream_config::v1::StreamSettings& stream = pool->stream();
    if (stream.epoch() == 0) continue;  // never enabled
    destinations.push_back(
        {.id = {pool->pool_number(), stream.epoch()},
         .enabled = stream.status() == stream_config::v1::STREAMING_STATUS_ENABLED,
         .turned_off = !stream.disabled_reason().empty(),
         .pool_id = pool->identity_pool_id(),
         .stream_name = stream.stream_name(),
         .role_arn = stream.role_arn(),
         .external_id = pool->role_external_id(),
         .start = stream.start_position(),
         .bulk = BulkJobOf(*pool),
         .version = pool->version()});
  }
  return destinations;
}

std::set<std::int32_t> PoolNumbersOf(const pools::PoolSnapshot& pools) {
  std::set<std::int32_t> numbers;
  for (const pools::PoolPtr& pool : pools.pools()) numbers.insert(pool->pool_number());
  return numbers;
}

}  // namespace tidemark::publisher
