#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/config/installation.h"
#include "common/config/options.h"
#include "common/config/units.h"
#include "services/gateway/http/server.h"
#include "services/gateway/record_config.h"
#include "services/gateway/wire/cors.h"

namespace tidemark::gateway {

// The settings of tidemark-gateway, besides those of every service (rpc::ProcessConfig).
struct Config {
  config::Address dataset{"127.0.0.1", 7001};
  config::Address stream_config{"127.0.0.1", 7002};
  absl::Duration call_timeout = absl::Seconds(10);
  config::Installation installation;

  std::string credentials_file;  // of developers
  absl::Duration max_clock_skew = absl::Minutes(15);
  std::string cors_origins;  // see Cors::Parse
  RecordConfig records;

  int threads = 1;
  HttpLimits limits;
};

// Adds the options.
void Declare(config::Options& options, Config& config);

}  // namespace tidemark::gateway
