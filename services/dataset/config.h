#pragma once

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

namespace tidemark::dataset {

// The settings of tidemark-dataset, besides those of every service (rpc::ProcessConfig).
struct Config {
  pg::DatabaseOptions database;
  config::Address stream_config{"127.0.0.1", 7002};
  std::optional<config::Keyring> keyring;
  config::Installation installation;

  // Threads with a connection each. 2-4 are best on small machines.
  int write_lanes = 2;
  int read_lanes = 3;
  // For copies of whole datasets: bulk publish.
  int snapshot_lanes = 2;
  // Updates in one transaction, at most.
  int batch_requests = 64;
  // Requests that may wait in a write lane: in all, and of one pool.
  int lane_queue = 4096;
  int pool_queue = 1024;

  // Sync triggers. Without AWS credentials none can run, and pools without one need none.
  aws::BaseOptions base;
  std::string lambda_endpoint;  // empty: AWS's own
  std::string sts_endpoint;     // likewise; for credentials of a web identity
  // Updates that wait for functions: of one pool, and of all; and the memory of their events and
  // answers, a quarter of it for one pool.
  int trigger_calls_per_pool = 64;
  int trigger_calls = 1024;
  std::int64_t trigger_memory = 256 * kMiB;

  // The change log's bounds: what is older or larger is emptied although a destination lacks it.
  absl::Duration log_max_age = absl::Hours(24);
  std::int64_t log_max_bytes = 8192 * kMiB;
};

// Adds the options.
void Declare(config::Options& options, Config& config);

}  // namespace tidemark::dataset
