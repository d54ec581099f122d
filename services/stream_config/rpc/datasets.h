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

  // POOL_NOT_EMPTY if identities hold data in a pool. Changes nothing.
  virtual absl::Status CheckEmpty(const rpc::Call& call, const std::string& pool_id) = 0;

  // Lets all data of a deleted pool be erased in the background. May be repeated. Errors are the
  // dataset service's own: nobody but us hears them.
  virtual absl::Status Purge(const std::string& pool_id, absl::Time deadline) = 0;
};

}  // namespace tidemark::stream_config
