#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// Takes deletions of datasets to be applied some time soon. Safe for concurrent use; never blocks.
class DeleteSink {
 public:
  // Called once, on any thread.
  using Callback = std::function<void(absl::StatusOr<DeleteOutcome> outcome)>;

  virtual ~DeleteSink() = default;

  // As AdminStore::Delete. RESOURCE_EXHAUSTED QUEUE_FULL if the pool's queue or the lane is full,
  // and DEADLINE_EXCEEDED if `deadline` passes before the request's turn (then nothing was
  // changed).
  virtual void Submit(DeleteRequest request, absl::Time deadline, Callback done) = 0;
};

}  // namespace tidemark::dataset
