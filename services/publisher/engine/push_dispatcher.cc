#include "services/publisher/engine/push_dispatcher.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "services/publisher/domain/push_message.h"

namespace tidemark::publisher {
namespace {

// It looks around so often though nothing calls for it.
constexpr absl::Duration kIdleInterval = absl::Milliseconds(200);
// Reports of endpoints that wait for the push service; the oldest go. What is not reported is found
// out again with the next push.
constexpr std::size_t kMaxReports = 10'000;

PushTargets::Dataset DatasetOf(const PushPool& pool, const PushQueue::Lookup& lookup) {
  return {pool.pool_id, lookup.key.identity_id, lookup.key.dataset_name, lookup.writer};
}

}  // namespace

PushDispatcher::PushDispatcher(const Options& options, const Parts& parts, PushPositions positions)
    : options_(options),
      parts_(parts),
      shared_(std::make_shared<Shared>(PushQueue(options.queue, std::move(positions), parts.random),
                                       parts.pools.All())),
      batch_(options.lookups),
      thread_([this] { Loop(); }) {}

PushDispatcher::~PushDispatcher() { Stop(); }

void PushDispatcher::Deliver(std::vector<PushChange> changes, Position read_mark) {
  const absl::Time now = parts_.boottime.Now();
  const absl::Time wall = parts_.wall.Now();
  {
    const std::lock_guard lock(shared_->mutex);
    if (!changes.empty()) LearnPools();
    for (PushChange& change : changes) {
      if (!shared_->pools->contains(change.key.pool_number)) continue;
      change.commit_time = now - std::max(absl::ZeroDuration(), wall - change.commit_time);
      shared_->queue.Add(std::move(change), now);
    }
    shared_->queue.ReadThrough(read_mark);
    if (changes.empty()) return;
    shared_->more = true;
  }
  shared_->changed.notify_one();
}

ShardPositions PushDispatcher::Pushed() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.Pushed();
}

std::size_t PushDispatcher::waiting() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.waiting();
}

void PushDispatcher::Quit() {
  const std::lock_guard lock(shared_->mutex);
  shared_->quitting = true;
}

void PushDispatcher::Stop() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->quitting = shared_->stopping = true;
  }
  shared_->changed.notify_one();
  if (thread_.joinable()) thread_.join();
}

void PushDispatcher::Loop() {
  std::unique_lock lock(shared_->mutex);
  for (;;) {
    const absl::Time now = parts_.boottime.Now();
    shared_->more = false;
    LearnPools();
    Heed(now);
    if (shared_->stopping) {
      parts_.metrics.Waiting(0, 0);
      return;
    }
    shared_->queue.Advance(now);
    parts_.metrics.Dropped(shared_->queue.TakeDropped());
    parts_.metrics.Waiting(shared_->queue.waiting(), shared_->queue.bytes());
    Work work = TakeWork(now);
    if (work.empty()) {
      Wait(lock, now);
      continue;
    }
    lock.unlock();
    for (PushQueue::Push& push : work.pushes) {
      const PushPool& pool = work.pools->at(push.key.pool_number);
      Send(pool, std::move(push));
    }
    if (!work.lookups.empty()) LookUp(*work.pools, std::move(work.lookups));
    if (!work.reports.empty()) Tell(std::move(work.reports));
    lock.lock();
  }
}

void PushDispatcher::LearnPools() {
  auto pools = parts_.pools.All();
  if (pools == shared_->pools) return;
  for (const std::int32_t number : shared_->queue.Pools()) {
    const auto pool = pools->find(number);
    if (pool == pools->end()) {
      shared_->queue.DropPool(number);
    } else if (shared_->pools->at(number) != pool->second) {
      shared_->queue.RenewPool(number);
    }
  }
  shared_->pools = std::move(pools);
}

void PushDispatcher::Heed(absl::Time now) {
  for (const Answered& answered : std::exchange(shared_->answers, {})) Heed(answered, now);
  if (shared_->found) Heed(*std::exchange(shared_->found, std::nullopt), now);
  if (shared_->told) Heed(*std::exchange(shared_->told, std::nullopt), now);
}

void PushDispatcher::Heed(const Answered& answered, absl::Time now) {
  const auto& [push, answer] = answered;
  parts_.metrics.Answered(answer.end, std::max(absl::ZeroDuration(), now - push.commit_time));
  if (answer.end == PushEnd::kDisabled || answer.end == PushEnd::kGone) {
    Report(push, answer.end == PushEnd::kGone);
  } else if (answer.end != PushEnd::kSent) {
    const auto pool = shared_->pools->find(push.key.pool_number);
    Complain(IsRetried(answer.end) ? "a push failed and is tried again" : "a push was refused",
             answer.error, pool == shared_->pools->end() ? "" : pool->second.pool_id);
  }
  shared_->queue.Finish(push, answer.end, now);
}

void PushDispatcher::Heed(const Found& found, absl::Time now) {
  looking_ = false;
  const auto& [lookups, targets] = found;
  if (!targets.ok()) return HeedFailure(lookups, targets.status(), now);
  if (targets->size() != lookups.size()) {
    return HeedFailure(lookups, absl::InternalError("the answer is not of what was asked"), now);
  }
  batch_ = options_.lookups;
  lookup_failures_ = 0;
  std::size_t devices = 0;
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    devices += (*targets)[i].size();
    shared_->queue.Found(lookups[i].entry, (*targets)[i], now);
  }
  parts_.metrics.Found(lookups.size(), devices);
}

// One dataset that the push service does not accept, as versions may differ, must not hold up the
// others: it is found by halves, and left.
void PushDispatcher::HeedFailure(const Lookups& lookups, const absl::Status& status,
                                 absl::Time now) {
  const bool refused = status.code() == absl::StatusCode::kInvalidArgument;
  if (refused && lookups.size() == 1) {
    batch_ = options_.lookups;
    parts_.metrics.Answered(PushEnd::kRefused, absl::ZeroDuration());
    shared_->queue.Found(lookups[0].entry, {}, now);
    return Complain("the push service refuses to look up the devices of a dataset",
                    std::string(status.message()));
  }
  for (const PushQueue::Lookup& lookup : lookups) shared_->queue.NotFound(lookup.entry, now);
  parts_.metrics.NotFound(lookups.size());
  if (refused) {
    batch_ = lookups.size() / 2;
    return;
  }
  look_at_ = now + PushBackoff(PushEnd::kTransient, ++lookup_failures_, parts_.random);
  Complain("the devices to tell of changes could not be found; it is tried again",
           std::string(status.message()));
}

void PushDispatcher::Heed(Told told, absl::Time now) {
  telling_ = false;
  if (told.status.ok()) {
    tell_failures_ = 0;
    return;
  }
  reports_.insert(reports_.begin(), std::make_move_iterator(told.reports.begin()),
                  std::make_move_iterator(told.reports.end()));
  tell_at_ = now + PushBackoff(PushEnd::kTransient, ++tell_failures_, parts_.random);
  Complain("endpoints that are of no use could not be reported; it is tried again",
           std::string(told.status.message()));
}

void PushDispatcher::Report(const PushQueue::Push& push, bool gone) {
  const auto pool = shared_->pools->find(push.key.pool_number);
  if (pool == shared_->pools->end()) return;
  reports_.push_back({pool->second.pool_id, push.key.identity_id, push.target.device_id,
                      push.target.registration, gone});
  while (reports_.size() > kMaxReports) reports_.pop_front();
}

PushDispatcher::Work PushDispatcher::TakeWork(absl::Time now) {
  Work work{.pools = shared_->pools};
  if (shared_->quitting || !parts_.lease.Held()) return work;
  while (auto push = shared_->queue.TakePush(now)) work.pushes.push_back(*std::move(push));
  if (!looking_ && now >= look_at_) {
    work.lookups = shared_->queue.TakeLookups(batch_, now);
    looking_ = !work.lookups.empty();
  }
  if (!telling_ && now >= tell_at_ && !reports_.empty()) {
    const auto end = reports_.begin() +
                     static_cast<std::ptrdiff_t>(std::min(reports_.size(), PushTargets::kMost));
    work.reports.assign(std::make_move_iterator(reports_.begin()), std::make_move_iterator(end));
    reports_.erase(reports_.begin(), end);
    telling_ = true;
  }
  return work;
}

void PushDispatcher::Wait(std::unique_lock<std::mutex>& lock, absl::Time now) {
  absl::Time until = std::min(now + kIdleInterval, shared_->queue.NextDue(now));
  if (!parts_.lease.Held() && shared_->queue.waiting() > 0) until = now + LeaseGuard::kAskAgain;
  for (const absl::Time at : {look_at_, tell_at_}) {
    if (at > now) until = std::min(until, at);
  }
  shared_->changed.wait_for(lock, absl::ToChronoMicroseconds(until - now), [this] {
    return shared_->more || shared_->stopping || !shared_->answers.empty() || shared_->found ||
           shared_->told;
  });
}

void PushDispatcher::Send(const PushPool& pool, PushQueue::Push push) {
  const std::string message =
      PushMessageOf(push.target.platform, {.pool_id = pool.pool_id,
                                           .identity_id = push.key.identity_id,
                                           .dataset_name = push.key.dataset_name,
                                           .sync_count = push.sync_count});
  const std::string endpoint_arn = push.target.endpoint_arn;
  parts_.sender.Send(pool, endpoint_arn, message,
                     [shared = shared_, push = std::move(push)](PushSender::Answer answer) {
                       {
                         const std::lock_guard lock(shared->mutex);
                         shared->answers.push_back({push, std::move(answer)});
                       }
                       shared->changed.notify_one();
                     });
}

void PushDispatcher::LookUp(const PushPools::Map& pools, Lookups lookups) {
  std::vector<PushTargets::Dataset> datasets;
  datasets.reserve(lookups.size());
  for (const PushQueue::Lookup& lookup : lookups) {
    datasets.push_back(DatasetOf(pools.at(lookup.key.pool_number), lookup));
  }
  parts_.targets.Find(datasets, [shared = shared_, lookups = std::move(lookups)](auto targets) {
    {
      const std::lock_guard lock(shared->mutex);
      shared->found = Found{lookups, std::move(targets)};
    }
    shared->changed.notify_one();
  });
}

void PushDispatcher::Tell(std::vector<PushTargets::Report> reports) {
  const std::vector<PushTargets::Report> told = reports;
  parts_.targets.Tell(told, [shared = shared_, reports = std::move(reports)](absl::Status status) {
    {
      const std::lock_guard lock(shared->mutex);
      shared->told = Told{reports, std::move(status)};
    }
    shared->changed.notify_one();
  });
}

void PushDispatcher::Complain(const char* what, std::string_view error, std::string_view pool_id) {
  obs::LogLimiter& limiter = pool_id.empty() ? failed_calls_ : failed_pushes_;
  const auto held_back = limiter.Admit(parts_.boottime.Now());
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, what,
           {{"pool_id", pool_id}, {"error", error}, {"held_back", *held_back}});
}

}  // namespace tidemark::publisher
