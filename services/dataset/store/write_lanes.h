#pragma once

#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/pg/lane.h"
#include "services/dataset/store/lane_metrics.h"
#include "services/dataset/store/store.h"
#include "services/dataset/store/update_sink.h"

namespace tidemark::dataset {

// The write path: each lane is a thread with a store of its own, and gathers updates into batches
// while the one before is in flight. An identity's updates always meet in the same lane, so that
// lanes seldom wait for each other's locks. Safe for concurrent use.
class WriteLanes final : public UpdateSink {
 public:
  // A lane for each of `stores` (at least one). `clock` and `metrics` outlive the object.
  WriteLanes(std::vector<std::unique_ptr<UpdateStore>> stores, const pg::LaneLimits& limits,
             const Clock& clock, LaneMetrics& metrics);

  void Submit(UpdateRequest request, absl::Time deadline, Callback done) override;

 private:
  struct Job {
    UpdateRequest request;
    absl::Time submitted;
    Callback done;
  };

  void Run(UpdateStore& store, std::vector<Job>& batch);
  // Of a job that is not run.
  void Drop(Job& job, const absl::Status& why);
  void Finish(Job& job, UpdateOutcome outcome);

  const Clock& clock_;
  LaneMetrics& metrics_;
  const std::vector<std::unique_ptr<UpdateStore>> stores_;
  std::vector<std::unique_ptr<pg::Lane<Job>>> lanes_;
};

}  // namespace tidemark::dataset
