#include "services/dataset/store/postgres_update_store.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/backoff.h"
#include "common/errors/sqlstate.h"
#include "common/pg/lane_errors.h"
#include "services/dataset/store/postgres_update_call.h"

namespace tidemark::dataset {
namespace {

// How long an update waits for a connection that is being made.
constexpr absl::Duration kConnectPatience = absl::Milliseconds(400);
// How long a call tries to learn what became of its updates. A server that takes them and breaks
// again and again gets no more time than one that is gone.
constexpr absl::Duration kSettlePatience = absl::Seconds(3);

constexpr absl::Duration kFirstRetry = absl::Milliseconds(2);
constexpr absl::Duration kLongestRetry = absl::Milliseconds(100);

// Two transactions were in each other's way, and this one was undone: it may be run again.
bool LostRace(const absl::Status& status) {
  const std::string sqlstate = errors::SqlStateOf(status);
  return sqlstate == "40001" || sqlstate == "40P01";
}

bool IsLockTimeout(const absl::Status& status) { return errors::SqlStateOf(status) == "55P03"; }

// The fault may lie in one of the requests, or in a lock that one of them waits for.
bool MayConcernOne(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAborted ||
         status.code() == absl::StatusCode::kInternal;
}

}  // namespace

PostgresUpdateStore::PostgresUpdateStore(const pg::ConnectOptions& options, Random& random)
    : connections_(options, nullptr, random), random_(random) {}

std::vector<UpdateOutcome> PostgresUpdateStore::Update(Requests requests, absl::Time deadline) {
  settle_until_.reset();
  Outcomes together = Settle(requests, deadline);
  if (together.ok()) return *std::move(together);
  if (requests.size() == 1 || !MayConcernOne(together.status())) {
    return std::vector<UpdateOutcome>(requests.size(), together.status());
  }
  return OneByOne(requests, deadline);
}

std::vector<UpdateOutcome> PostgresUpdateStore::OneByOne(Requests requests, absl::Time deadline) {
  std::vector<UpdateOutcome> outcomes;
  outcomes.reserve(requests.size());
  // How many requests of an identity waited for a lock in vain: one may be a dataset's, two are the
  // identity's, for which none of the others need wait.
  std::map<IdentityKey, int> waits;
  absl::Status lock_timeout;
  for (const UpdateRequest* const request : requests) {
    const IdentityKey& identity = request->dataset.identity;
    if (request->deadline <= absl::Now()) {
      outcomes.emplace_back(pg::LaneDeadlinePassed());
      continue;
    }
    if (waits[identity] == 2) {
      outcomes.emplace_back(lock_timeout);
      continue;
    }
    Outcomes alone = Settle({&request, 1}, std::min(deadline, request->deadline));
    if (IsLockTimeout(alone.status())) {
      lock_timeout = alone.status();
      ++waits[identity];
    }
    outcomes.push_back(alone.ok() ? std::move(alone->front()) : alone.status());
  }
  return outcomes;
}

PostgresUpdateStore::Outcomes PostgresUpdateStore::Settle(Requests requests, absl::Time deadline) {
  Backoff backoff(kFirstRetry, kLongestRetry, random_);
  while (true) {
    const absl::Duration patience = std::min(deadline - absl::Now(), kConnectPatience);
    const auto connection = connections_.Acquire(patience);
    absl::Status failure = connection.status();
    if (connection.ok()) {
      Outcomes outcomes = CallUpdate(**connection, requests, deadline);
      if (outcomes.ok()) return outcomes;
      failure = std::move(outcomes).status();
      const bool lost = absl::IsUnavailable(failure) && !(*connection)->Healthy();
      if (lost && !settle_until_) settle_until_ = absl::Now() + kSettlePatience;
    }
    absl::Time until = absl::InfinitePast();
    if (LostRace(failure)) until = deadline;
    if (absl::IsUnavailable(failure) && settle_until_) until = std::min(deadline, *settle_until_);
    const absl::Duration pause = backoff.Next();
    if (absl::Now() + pause >= until) return failure;
    absl::SleepFor(pause);
  }
}

}  // namespace tidemark::dataset
