#include "services/dataset/config.h"

#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"

namespace tidemark::dataset {

void Declare(config::Options& options, Config& config) {
  using config::Range;
  using Presence = config::Options::Presence;
  pg::Declare(options, config.database, "tidemark_dataset");
  options.Add("stream-config", &config.stream_config,
              "Address of the stream configuration service.");
  options.AddKeyring("keyring", &config.keyring, Presence::kRequired,
                     "Keys for tokens, the same for all replicas.");
  config::Declare(options, config.installation);
  options.Add("write-lanes", &config.write_lanes, Range<int>{1, 32},
              "Threads that write, each with a database connection.");
  options.Add("read-lanes", &config.read_lanes, Range<int>{1, 32},
              "Threads that read, each with a database connection.");
  options.Add(
      "snapshot-lanes", &config.snapshot_lanes, Range<int>{1, 32},
      "Threads that read whole datasets for bulk publish, each with a database connection.");
  options.Add("batch-requests", &config.batch_requests, Range<int>{1, 64},
              "Updates that one transaction takes at most.");
  options.Add("lane-queue", &config.lane_queue, Range<int>{1, 1'000'000},
              "Updates that may wait in a write lane.");
  options.Add("pool-queue", &config.pool_queue, Range<int>{1, 1'000'000},
              "Updates of one identity pool that may wait in a write lane.");
  aws::Declare(options, config.base);
  options.Add(
      "lambda-endpoint", &config.lambda_endpoint, Range<std::size_t>{0, 2048},
      "Where Lambda is, for sync triggers, as http://host:port or https://host; AWS's own in "
      "the region if empty.");
  options.Add("sts-endpoint", &config.sts_endpoint, Range<std::size_t>{0, 2048},
              "Where STS is, as lambda-endpoint.");
  options.Add("trigger-calls-per-pool", &config.trigger_calls_per_pool, Range<int>{1, 4096},
              "Updates of one identity pool that may wait for its sync trigger.");
  options.Add("trigger-calls", &config.trigger_calls, Range<int>{1, 4096},
              "Updates of all pools that may wait for sync triggers.");
  options.AddByteSize("trigger-memory", &config.trigger_memory,
                      Range<std::int64_t>{64 * kMiB, 65'536 * kMiB},
                      "Memory of what sync triggers are given and answer; a quarter of it for one "
                      "pool.");
  options.CheckToServe([&config] { return aws::PlaceIfAny(config.base).status(); });
  options.Check([&config]() -> absl::Status {
    TM_RETURN_IF_ERROR(aws::Endpoint::CheckOption("lambda-endpoint", config.lambda_endpoint));
    return aws::Endpoint::CheckOption("sts-endpoint", config.sts_endpoint);
  });
  options.Add("log-max-age", &config.log_max_age,
              Range<absl::Duration>{absl::Minutes(1), absl::Hours(24 * 365)},
              "Changes older than this are forgotten even if a destination lacks them.");
  options.AddByteSize("log-max-bytes", &config.log_max_bytes,
                      Range<std::int64_t>{64 * kMiB, 1'048'576 * kMiB},
                      "Above this size the oldest changes are forgotten likewise.");
}

}  // namespace tidemark::dataset
