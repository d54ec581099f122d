#include "services/stream_config/config.h"

#include "common/pg/dsn.h"

namespace tidemark::stream_config {

void Declare(config::Options& options, Config& config) {
  using config::Range;
  using Presence = config::Options::Presence;
  options.AddSecret("dsn", &config.dsn, Presence::kRequired,
                    "PostgreSQL's address, as a URI with the role tidemark_stream_config.",
                    pg::CheckDsn);
  options.AddSecret("owner-dsn", &config.owner_dsn, Presence::kOptional,
                    "The same with a role that may create schemas and roles, for migrate.",
                    pg::CheckDsn);
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
  options.Add("statement-timeout", &config.statement_timeout,
              Range<absl::Duration>{absl::Milliseconds(100), absl::Minutes(5)},
              "Bound of each database statement.");
  options.Add("poll-interval", &config.poll_interval,
              Range<absl::Duration>{absl::Milliseconds(10), absl::Seconds(10)},
              "How often changes made by other replicas are looked for.");
  options.Add("accept-lossy-server", &config.accept_lossy_server,
              "Use a database server whose settings lose acknowledged data in a crash.");
  options.Add("transaction-pooler", &config.transaction_pooler,
              "The database is reached through a pooler in transaction mode.");
}

}  // namespace tidemark::stream_config
