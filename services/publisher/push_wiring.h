#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"
#include "common/aws/role_credentials.h"
#include "services/publisher/engine/push_metrics.h"
#include "services/publisher/engine/push_pools.h"
#include "services/publisher/engine/push_sender.h"
#include "services/publisher/engine/push_targets.h"
#include "services/publisher/push_config.h"

namespace tidemark::publisher {

// What tells devices, as it is configured.
struct Pushing {
  virtual ~Pushing() = default;
  virtual PushTargets& targets() = 0;
  virtual PushSender& sender() = 0;
};

// All outlive what is made. `credentials` sign for pools without a push role; `roles`, if not null,
// for the others.
struct PushParts {
  const std::string& region;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  aws::RoleCredentials* roles;
};

// With connections of its own: pushes that hang take none from streams.
absl::StatusOr<std::unique_ptr<Pushing>> MakePushing(const PushConfig& config,
                                                     const PushParts& parts);

}  // namespace tidemark::publisher
