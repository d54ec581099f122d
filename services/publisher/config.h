#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/aws/base_options.h"
#include "common/base/units.h"
#include "common/config/installation.h"
#include "common/config/keyring.h"
#include "common/config/options.h"
#include "common/config/units.h"
#include "common/pg/database_options.h"
#include "services/publisher/push_config.h"
#include "services/publisher/s3_config.h"

namespace tidemark::publisher {

// The settings of tidemark-publisher, besides those of every service (rpc::ProcessConfig).
struct Config {
  pg::DatabaseOptions database{.statement_timeout = absl::Seconds(10)};
  config::Address stream_config{"127.0.0.1", 7002};
  config::Address dataset{"127.0.0.1", 7001};
  std::optional<config::Keyring> keyring;
  config::Installation installation;

  aws::BaseOptions base;
  // "http://host:port" instead of AWS's own endpoint; empty: AWS's.
  std::string kinesis_endpoint;
  absl::Duration kinesis_timeout = absl::Seconds(15);
  std::string sts_endpoint;  // as kinesis_endpoint
  bool assume_roles = true;  // off: base credentials write all streams
  absl::Duration role_patience = absl::Minutes(1);

  S3Config s3;
  PushConfig push;

  int requests_per_stream = 4;       // in flight at once
  std::int64_t record_limit = kMiB;  // of data and partition key

  absl::Duration lease_ttl = absl::Seconds(5);
  absl::Duration poll_interval = absl::Milliseconds(20);  // while no changes come
  std::int64_t queue_bytes = 64 * kMiB;
};

// Adds the options.
void Declare(config::Options& options, Config& config);

}  // namespace tidemark::publisher
