#include "services/stream_config/config.h"

namespace tidemark::stream_config {

void Declare(config::Options& options, Config& config) {
  using config::Range;
  using Presence = config::Options::Presence;
  pg::Declare(options, config.database, "tidemark_stream_config");
  options.Add("dataset", &config.dataset, "Address of the dataset service.");
  options.Add("publisher", &config.publisher, "Address of a publisher, which checks streams.");
  options.Add("push", &config.push, "Address of the push service, which checks push settings.");
  options.Add("check-streams", &config.check_streams,
              "Enable a stream only once a publisher found that it can be written.");
  options.Add("check-push", &config.check_push,
              "Set push settings only once the push service found that they can be used.");
  options.AddKeyring("keyring", &config.keyring, Presence::kRequired,
                     "Keys for page tokens, the same for all replicas.");
  config::Declare(options, config.installation);
  options.Add(
      "connections", &config.connections, Range<int>{1, 64},
      "Calls that work at once, each with a database connection; one more is for watchers.");
  options.Add("poll-interval", &config.poll_interval,
              Range<absl::Duration>{absl::Milliseconds(10), absl::Seconds(10)},
              "How often changes made by other replicas are looked for.");
}

}  // namespace tidemark::stream_config
