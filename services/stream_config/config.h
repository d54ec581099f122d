#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/config/installation.h"
#include "common/config/keyring.h"
#include "common/config/options.h"
#include "common/config/units.h"
#include "common/pg/database_options.h"

namespace tidemark::stream_config {

// The settings of tidemark-stream-config, besides those of every service (rpc::ProcessConfig).
struct Config {
  pg::DatabaseOptions database;
  config::Address dataset{"127.0.0.1", 7001};
  config::Address publisher{"127.0.0.1", 7003};
  config::Address push{"127.0.0.1", 7004};
  // Whether a publisher is asked before a stream is enabled.
  bool check_streams = true;
  // Whether the push service is asked before push settings are set.
  bool check_push = true;
  std::optional<config::Keyring> keyring;
  config::Installation installation;

  // Calls that work at once, each with a database connection. One more is for watchers.
  int connections = 4;
  // How long a change made by another replica may take to be seen.
  absl::Duration poll_interval = absl::Milliseconds(100);
};

// Adds the options.
void Declare(config::Options& options, Config& config);

}  // namespace tidemark::stream_config
