#include "services/publisher/config.h"

#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"

namespace tidemark::publisher {

void Declare(config::Options& options, Config& config) {
  using config::Range;
  using Presence = config::Options::Presence;
  pg::Declare(options, config.database, "tidemark_publisher");
  options.Add("stream-config", &config.stream_config,
              "Address of the stream configuration service.");
  options.Add("dataset", &config.dataset, "Address of the dataset service.");
  options.AddKeyring(
      "keyring", &config.keyring, Presence::kRequired,
      "Keys for page tokens, and for names and links of stored records; the same for all "
      "replicas, and for the gateway.");
  config::Declare(options, config.installation);
  aws::Declare(options, config.base);
  options.Add("kinesis-endpoint", &config.kinesis_endpoint, Range<std::size_t>{0, 2048},
              "Where Kinesis is, as http://host:port or https://host; AWS's own if empty.");
  options.Add("kinesis-timeout", &config.kinesis_timeout,
              Range<absl::Duration>{absl::Seconds(1), absl::Minutes(5)},
              "How long a request to Kinesis may take.");
  options.Add("assume-roles", &config.assume_roles,
              "Write each stream with its pool's role; if off, all with the base credentials.");
  options.Add("sts-endpoint", &config.sts_endpoint, Range<std::size_t>{0, 2048},
              "Where STS is, as kinesis-endpoint; AWS's own in the region if empty.");
  options.Add("role-patience", &config.role_patience,
              Range<absl::Duration>{absl::ZeroDuration(), absl::Hours(24)},
              "How long a role must refuse to be assumed before its stream is turned off.");
  Declare(options, config.s3);
  Declare(options, config.push);
  options.Add("requests-per-stream", &config.requests_per_stream, Range<int>{1, 64},
              "Requests to Kinesis in flight for one stream.");
  options.AddByteSize("record-limit", &config.record_limit,
                      Range<std::int64_t>{16 * kKiB, 10 * kMiB},
                      "Largest record, partition key included, of streams that do not tell their "
                      "own limit; of what is larger the records go to s3-bucket.");
  options.Add("lease-ttl", &config.lease_ttl,
              Range<absl::Duration>{absl::Seconds(1), absl::Minutes(1)},
              "How long a publisher that died keeps others from taking over.");
  options.Add("poll-interval", &config.poll_interval,
              Range<absl::Duration>{absl::Milliseconds(1), absl::Seconds(1)},
              "How often the log is looked at while no changes come.");
  options.AddByteSize("queue-bytes", &config.queue_bytes,
                      Range<std::int64_t>{8 * kMiB, 4096 * kMiB},
                      "Memory of changes that wait for their streams; reading pauses above it.");
  options.CheckToServe([&config] { return aws::PlaceOf(config.base).status(); });
  options.Check([&config]() -> absl::Status {
    TM_RETURN_IF_ERROR(aws::Endpoint::CheckOption("kinesis-endpoint", config.kinesis_endpoint));
    return aws::Endpoint::CheckOption("sts-endpoint", config.sts_endpoint);
  });
}

}  // namespace tidemark::publisher
