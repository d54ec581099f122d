#include "services/push/config.h"

#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"

namespace tidemark::push {

void Declare(config::Options& options, Config& config) {
  using config::Range;
  pg::Declare(options, config.database, "tidemark_push");
  options.Add("stream-config", &config.stream_config,
              "Address of the stream configuration service.");
  options.Add("dataset", &config.dataset, "Address of the dataset service.");
  config::Declare(options, config.installation);
  aws::Declare(options, config.base);
  options.Add("sns-endpoint", &config.sns_endpoint, Range<std::size_t>{0, 2048},
              "Where SNS is, as http://host:port or https://host; AWS's own if empty.");
  options.Add("sns-timeout", &config.sns_timeout,
              Range<absl::Duration>{absl::Milliseconds(100), absl::Minutes(1)},
              "How long a request to SNS may take.");
  options.Add("assume-roles", &config.assume_roles,
              "Ask SNS with each pool's push role; if off, all with the base credentials.");
  options.Add("sts-endpoint", &config.sts_endpoint, Range<std::size_t>{0, 2048},
              "Where STS is, as sns-endpoint; AWS's own in the region if empty.");
  options.Add("role-patience", &config.role_patience,
              Range<absl::Duration>{absl::ZeroDuration(), absl::Hours(24)},
              "How long a role must refuse to be assumed before registering fails for good.");
  options.Add("connections", &config.connections, Range<int>{1, 64},
              "Calls that write at once, each with a database connection.");
  options.Add("read-lanes", &config.read_lanes, Range<int>{1, 32},
              "Threads that read, each with a database connection.");
  options.Add("erase-interval", &config.erase_interval,
              Range<absl::Duration>{absl::Milliseconds(10), absl::Hours(1)},
              "How often devices of deleted pools are looked for.");
  options.CheckToServe([&config] { return aws::PlaceOf(config.base).status(); });
  options.Check([&config]() -> absl::Status {
    TM_RETURN_IF_ERROR(aws::Endpoint::CheckOption("sns-endpoint", config.sns_endpoint));
    return aws::Endpoint::CheckOption("sts-endpoint", config.sts_endpoint);
  });
}

}  // namespace tidemark::push
