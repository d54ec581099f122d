#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/publisher/domain/bulk_walk.h"

namespace tidemark::publisher {

// What is stored of bulk publishes, besides the way of storing it, which is LeaseStore::Store.
// Blocks; one thread at a time. Failures: UNAVAILABLE DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED,
// INTERNAL.
class BulkStore {
 public:
  virtual ~BulkStore() = default;

  // How far a pool's job is in each log shard that it has got on in, whoever holds it.
  virtual absl::StatusOr<std::map<LogShard, BulkShard>> Load(std::int32_t pool_number,
                                                             std::int64_t job) = 0;

  struct Ended {
    std::int32_t pool_number = 0;
    std::int64_t job = 0;
  };
  // Forgets these jobs and all that came before them.
  virtual absl::Status Forget(std::span<const Ended> ended) = 0;
};

}  // namespace tidemark::publisher
