#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/call.h"
#include "services/stream_config/domain/pool.h"

namespace tidemark::stream_config {

// What is asked of the dataset service. If it can't be reached: UNAVAILABLE, SERVICE_UNAVAILABLE.
// Safe for concurrent use; blocks.
class Datasets {
 public:
  virtual ~Datasets() = default;

  // A position of the change log above which every change lies that is committed from now on.
  virtual absl::StatusOr<Position> EndPosition(const rpc::Call& call) = 0;

  // Lets all data of a pool be erased in the background. Without `force` only if there is none:
  // POOL_NOT_EMPTY. May be repeated.
  virtual absl::Status PurgePool(const rpc::Call& call, const std::string& pool_id, bool force) = 0;

  // The same with force, for nobody's call: to be sure that nothing is left of a deleted pool.
  virtual absl::Status PurgeRest(const std::string& pool_id, absl::Time deadline) = 0;
};

}  // namespace tidemark::stream_config
