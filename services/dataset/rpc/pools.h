#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// What the dataset service needs to know of a pool.
struct PoolFacts {
  PoolNumber number;
  Limits limits;
  std::string sync_trigger;  // the function's ARN; empty: none
};

// The identity pools that exist. Safe for concurrent use; never blocks.
class Pools {
 public:
  virtual ~Pools() = default;

  // UNAVAILABLE NOT_READY until the pools are known; what is asked before that is not so.
  virtual absl::Status Ready() const = 0;

  // nullopt if there is no such pool.
  virtual std::optional<PoolFacts> Find(std::string_view pool_id) const = 0;

  // Ids above `after` in order, at most `limit`.
  virtual std::vector<std::string> List(std::string_view after, int limit) const = 0;
};

// The pool, or NOT_FOUND POOL_NOT_FOUND, or as Pools::Ready.
absl::StatusOr<PoolFacts> RequirePool(const Pools& pools, const std::string& pool_id);

// Whether there is such a pool, for lists, which name no missing one: developers see an unknown or
// deleted pool as an empty one, identities get PERMISSION_DENIED NOT_AUTHORIZED (contract section
// 11, choice 19). Or as Pools::Ready.
absl::StatusOr<bool> IsKnownPool(const Pools& pools, const rpc::Call& call,
                                 const std::string& pool_id);

}  // namespace tidemark::dataset
