#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/base/units.h"
#include "common/config/options.h"

namespace tidemark::publisher {

// How devices are told of changes.
struct PushConfig {
  // "host:port" of the push service; empty: no device is told.
  std::string address = "127.0.0.1:7004";
  // "http://host:port" instead of AWS's own endpoint; empty: AWS's.
  std::string sns_endpoint;
  absl::Duration age = absl::Minutes(15);
  std::int64_t queue_bytes = 32 * kMiB;
};

// Adds the options.
void Declare(config::Options& options, PushConfig& config);

}  // namespace tidemark::publisher
