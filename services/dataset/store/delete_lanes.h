#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/pg/lane.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/domain/types.h"
#include "services/dataset/store/delete_sink.h"

namespace tidemark::dataset {

// Deletions of datasets: a few threads with a store each, chosen by identity. On each, pools take
// turns, so that one whose dataset somebody holds delays another by no more than a turn. Safe for
// concurrent use.
class DeleteLanes final : public DeleteSink {
 public:
  // AdminStore::Delete of a store that one lane alone uses.
  using Delete = std::function<absl::StatusOr<DeleteOutcome>(const DeleteRequest& request,
                                                             absl::Time deadline)>;

  // A lane for each of `stores` (at least one). `clock` outlives the object.
  DeleteLanes(const std::vector<Delete>& stores, pg::LaneLimits limits, const Clock& clock);

  void Submit(DeleteRequest request, absl::Time deadline, Callback done) override;

 private:
  struct Job {
    DeleteRequest request;
    absl::Time deadline;
    Callback done;
  };

  std::vector<std::unique_ptr<pg::Lane<Job>>> lanes_;
};

}  // namespace tidemark::dataset
