#pragma once

#include <functional>

#include "absl/time/time.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"

namespace tidemark::dataset {

// Takes updates to be applied some time soon. Safe for concurrent use; never blocks.
class UpdateSink {
 public:
  // Called once, on any thread; gives the request back.
  using Callback = std::function<void(UpdateRequest request, UpdateOutcome outcome)>;

  virtual ~UpdateSink() = default;

  // The outcome is RESOURCE_EXHAUSTED QUEUE_FULL if the pool's queue or the lane is full, and
  // DEADLINE_EXCEEDED if `deadline` passes before the request's turn (then nothing was changed).
  // What passes a limit whatever the dataset holds may be refused for that alone, at once: before
  // anything else that speaks against it, and also if it repeats a request from before the limit.
  virtual void Submit(UpdateRequest request, absl::Time deadline, Callback done) = 0;
};

}  // namespace tidemark::dataset
