#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/call.h"
#include "services/push/domain/types.h"

// What is asked of the other services.
namespace tidemark::push {

// The dataset service. Safe for concurrent use.
class Datasets {
 public:
  virtual ~Datasets() = default;

  // On behalf of `call`: whether the dataset exists. Calls back once, on any thread: OK,
  // DATASET_NOT_FOUND, or SERVICE_UNAVAILABLE. `call` must stay until then.
  virtual void Require(const rpc::Call& call, const IdentityKey& identity,
                       const std::string& dataset_name, std::function<void(absl::Status)> done) = 0;
};

// The stream configuration service.
class PoolList {
 public:
  virtual ~PoolList() = default;

  // Whether a pool exists, as that service knows it now. Blocks until `deadline` at most.
  virtual absl::StatusOr<bool> Exists(const std::string& pool_id, absl::Time deadline) = 0;
};

}  // namespace tidemark::push
