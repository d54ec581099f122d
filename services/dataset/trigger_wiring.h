#pragma once

#include <prometheus/registry.h>

#include <memory>

#include "absl/status/statusor.h"
#include "common/aws/http.h"
#include "common/base/executor.h"
#include "services/dataset/config.h"
#include "services/dataset/rpc/pools.h"
#include "services/dataset/trigger/sync_trigger.h"

namespace tidemark::dataset {

// Sync triggers and what they run on.
class Triggers {
 public:
  // All but `config` outlive the object. INTERNAL if libcurl can't be set up.
  static absl::StatusOr<std::unique_ptr<Triggers>> Start(const Config& config, ReadStore& reads,
                                                         UpdateSink& updates, const Pools& pools,
                                                         prometheus::Registry& registry);

  SyncTrigger& sync_trigger() { return sync_trigger_; }

 private:
  Triggers(const Config& config, std::unique_ptr<aws::HttpTransport> transport,
           std::unique_ptr<Functions> functions, ReadStore& reads, UpdateSink& updates,
           const Pools& pools, prometheus::Registry& registry);

  const std::unique_ptr<aws::HttpTransport> transport_;
  const std::unique_ptr<Functions> functions_;
  TriggerMetrics metrics_;
  Executor threads_;
  SyncTrigger sync_trigger_;
};

}  // namespace tidemark::dataset
