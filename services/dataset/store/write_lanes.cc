#include "services/dataset/store/write_lanes.h"

#include <algorithm>
#include <utility>

namespace tidemark::dataset {
namespace {

pg::LaneTicket TicketOf(const UpdateRequest& request, absl::Time deadline) {
  pg::LaneTicket ticket{.pool = request.dataset.identity.pool_id,
                        .key = request.dataset.identity.identity_id + '/' + request.dataset.name,
                        .weight = static_cast<std::int64_t>(request.patches.size()),
                        .deadline = deadline};
  for (const RecordPatch& patch : request.patches) {
    ticket.bytes +=
        static_cast<std::int64_t>(patch.key.size() + (patch.value ? patch.value->size() : 0));
  }
  return ticket;
}

}  // namespace

WriteLanes::WriteLanes(std::vector<std::unique_ptr<UpdateStore>> stores,
                       const pg::LaneLimits& limits, const Clock& clock, LaneMetrics& metrics)
    : clock_(clock), metrics_(metrics), stores_(std::move(stores)) {
  for (const auto& store : stores_) {
    lanes_.push_back(std::make_unique<pg::Lane<Job>>(
        limits, clock, [this, &store = *store](std::vector<Job>& batch) { Run(store, batch); },
        [this](Job& job, const absl::Status& why) { Finish(job, why); }));
  }
}

void WriteLanes::Submit(UpdateRequest request, absl::Time deadline, Callback done) {
  // The bits above the log shard's: shards and lanes have nothing to do with each other.
  const auto hash = static_cast<std::uint64_t>(request.dataset.identity.owner.value()) >> 8;
  pg::LaneTicket ticket = TicketOf(request, deadline);
  Job job{std::move(request), deadline, clock_.Now(), std::move(done)};
  const absl::Status taken =
      lanes_[hash % lanes_.size()]->Submit(std::move(ticket), std::move(job));
  // A job that was refused is as it was: NOLINTNEXTLINE(bugprone-use-after-move)
  if (!taken.ok()) Finish(job, taken);
}

void WriteLanes::Run(UpdateStore& store, std::vector<Job>& batch) {
  const absl::Time begin = clock_.Now();
  std::vector<const UpdateRequest*> requests;
  requests.reserve(batch.size());
  absl::Time deadline = absl::InfinitePast();
  for (const Job& job : batch) {
    requests.push_back(&job.request);
    deadline = std::max(deadline, job.deadline);
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

std::size_t WriteLanes::queued() const {
  std::size_t queued = 0;
  for (const auto& lane : lanes_) queued += lane->queued();
  return queued;
}

void WriteLanes::Drain(absl::Time deadline) {
  for (const auto& lane : lanes_) lane->Drain(deadline);
}

}  // namespace tidemark::dataset
