#include "services/dataset/store/delete_lanes.h"

#include <cstdint>
#include <utility>

#include "services/dataset/store/lane_hash.h"

namespace tidemark::dataset {

DeleteLanes::DeleteLanes(const std::vector<Delete>& stores, pg::LaneLimits limits,
                         const Clock& clock) {
  limits.batch_jobs = 1;
  for (const Delete& store : stores) {
    lanes_.push_back(std::make_unique<pg::Lane<Job>>(
        limits, clock,
        [store](std::vector<Job>& batch) {
          for (Job& job : batch) job.done(store(job.request, job.deadline));
        },
        [](Job& job, const absl::Status& why) { job.done(why); }));
  }
}

void DeleteLanes::Submit(DeleteRequest request, absl::Time deadline, Callback done) {
  const IdentityKey& identity = request.dataset.identity;
  const std::uint64_t hash = LaneHash(identity.owner);
  pg::LaneTicket ticket{.pool = identity.pool_id,
                        .key = identity.identity_id + '/' + request.dataset.name,
                        .deadline = deadline};
  Job job{std::move(request), deadline, std::move(done)};
  const absl::Status taken =
      lanes_[hash % lanes_.size()]->Submit(std::move(ticket), std::move(job));
  // A job that was refused is as it was: NOLINTNEXTLINE(bugprone-use-after-move)
  if (!taken.ok()) job.done(taken);
}

}  // namespace tidemark::dataset
