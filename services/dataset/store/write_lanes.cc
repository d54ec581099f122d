#include "services/dataset/store/write_lanes.h"

#include <algorithm>
#include <utility>

#include "common/base/units.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/store/lane_hash.h"

namespace tidemark::dataset {
namespace {

// Of a request, and of each of its patches, besides their text: the domain's structs and the
// messages they came in, which stay until the answer.
constexpr std::int64_t kRequestMemory = 2 * kKiB;
constexpr std::int64_t kPatchMemory = 256;

pg::LaneTicket TicketOf(const UpdateRequest& request) {
  pg::LaneTicket ticket{.pool = request.dataset.identity.pool_id,
                        .key = request.dataset.identity.identity_id + '/' + request.dataset.name,
                        .weight = static_cast<std::int64_t>(request.patches.size()),
                        .deadline = request.deadline};
  for (const RecordPatch& patch : request.patches) {
    ticket.bytes +=
        static_cast<std::int64_t>(patch.key.size() + (patch.value ? patch.value->size() : 0));
  }
  ticket.memory = kRequestMemory + kPatchMemory * ticket.weight + 2 * ticket.bytes;
  return ticket;
}

}  // namespace

WriteLanes::WriteLanes(std::vector<std::unique_ptr<UpdateStore>> stores,
                       const pg::LaneLimits& limits, const Clock& clock, LaneMetrics& metrics)
    : clock_(clock), metrics_(metrics), stores_(std::move(stores)) {
  for (const auto& store : stores_) {
    lanes_.push_back(std::make_unique<pg::Lane<Job>>(
        limits, clock, [this, &store = *store](std::vector<Job>& batch) { Run(store, batch); },
        [this](Job& job, const absl::Status& why) { Drop(job, why); }));
  }
}

void WriteLanes::Submit(UpdateRequest request, absl::Time deadline, Callback done) {
  const std::uint64_t hash = LaneHash(request.dataset.identity.owner);
  request.deadline = deadline;
  const auto breach = CertainBreach(request);
  pg::LaneTicket ticket = TicketOf(request);
  Job job{std::move(request), clock_.Now(), std::move(done)};
  if (breach) return Finish(job, *breach);
  metrics_.Queued(1);
  const absl::Status taken =
      lanes_[hash % lanes_.size()]->Submit(std::move(ticket), std::move(job));
  // A job that was refused is as it was: NOLINTNEXTLINE(bugprone-use-after-move)
  if (!taken.ok()) Drop(job, taken);
}

void WriteLanes::Run(UpdateStore& store, std::vector<Job>& batch) {
  const absl::Time begin = clock_.Now();
  std::vector<const UpdateRequest*> requests;
  requests.reserve(batch.size());
  metrics_.Queued(-static_cast<double>(batch.size()));
  absl::Time deadline = absl::InfinitePast();
  for (const Job& job : batch) {
    requests.push_back(&job.request);
    deadline = std::max(deadline, job.request.deadline);
    metrics_.Waited(begin - job.submitted);
  }
  std::vector<UpdateOutcome> outcomes = store.Update(requests, deadline);
  metrics_.Batch(batch.size(), clock_.Now() - begin);
  for (std::size_t i = 0; i < batch.size(); ++i) Finish(batch[i], std::move(outcomes[i]));
}

void WriteLanes::Finish(Job& job, UpdateOutcome outcome) {
  metrics_.Outcome(outcome);
  job.done(std::move(job.request), std::move(outcome));
}

void WriteLanes::Drop(Job& job, const absl::Status& why) {
  metrics_.Queued(-1);
  Finish(job, why);
}

}  // namespace tidemark::dataset
