#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/aws/base_options.h"
#include "common/config/installation.h"
#include "common/config/options.h"
#include "common/config/units.h"
#include "common/pg/database_options.h"

namespace tidemark::push {

// The settings of tidemark-push, besides those of every service (rpc::ProcessConfig).
struct Config {
  pg::DatabaseOptions database;
  config::Address stream_config{"127.0.0.1", 7002};
  config::Address dataset{"127.0.0.1", 7001};
  config::Installation installation;

  aws::BaseOptions base;
  // "http://host:port" instead of AWS's own endpoint; empty: AWS's.
  std::string sns_endpoint;
  absl::Duration sns_timeout = absl::Seconds(5);
  std::string sts_endpoint;  // as sns_endpoint
  bool assume_roles = true;  // off: base credentials do all
  absl::Duration role_patience = absl::Minutes(1);

  int connections = 4;  // for writes
  int read_lanes = 2;
  absl::Duration erase_interval = absl::Seconds(10);
};

// Adds the options.
void Declare(config::Options& options, Config& config);

}  // namespace tidemark::push
