#include "common/pg/pipeline_lane.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/errors/sqlstate.h"
#include "common/pg/lane_errors.h"

namespace tidemark::pg {
namespace {

// How often deadlines are looked at.
constexpr absl::Duration kTick = absl::Milliseconds(10);
// Cancelling takes a connection; statements that end by themselves so soon are not worth it.
constexpr absl::Duration kWorthCancelling = absl::Milliseconds(100);

// PostgreSQL signals the session's process and then its process group: the second signal, if it
// does not coincide with the first, meets the next statement.
constexpr int kSignalsOfACancel = 2;

bool WasCancelled(const absl::Status& status) { return errors::SqlStateOf(status) == "57014"; }

}  // namespace

PipelineLane::PipelineLane(ConnectOptions options, const PipelineLimits& limits)
    : options_(std::move(options)),
      limits_(limits),
      reconnector_(options_, [this] { wake_.Set(); }) {
  thread_ = std::thread([this] { Loop(); });
}

PipelineLane::~PipelineLane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.Set();
  thread_.join();
}

absl::Status PipelineLane::Submit(const std::string& pool, const Query& query, Params params,
                                  absl::Time deadline, Done done) {
  bool asleep;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return LaneStopping();
    std::size_t& of_pool = pending_of_[pool];
    if (pending_ >= limits_.queued + limits_.in_flight ||
        of_pool >= limits_.queued_per_pool + limits_.in_flight) {
      if (of_pool == 0) pending_of_.erase(pool);
      return LaneFull();
    }
    ++of_pool;
    ++pending_;
    submitted_.push_back({pool, query, std::move(params), deadline, std::move(done)});
    asleep = std::exchange(asleep_, false);
  }
  if (asleep) wake_.Set();
  return absl::OkStatus();
}

void PipelineLane::Loop() {
  down_since_ = absl::Now();
  while (TakeSubmitted()) {
    if (!session_) Connect();
    if (session_) SendWaiting();
    const bool readable = Wait();
    if (session_ && readable) Receive();
    const absl::Time now = absl::Now();
    if (now - swept_at_ >= kTick) Sweep(now);
  }
}

bool PipelineLane::TakeSubmitted() {
  std::vector<Request> submitted;
  {
    const std::lock_guard lock(mutex_);
    submitted.swap(submitted_);
    if (stopping_ && submitted.empty() && waiting_.empty() && in_flight_.empty()) return false;
  }
  for (Request& request : submitted) {
    const std::string pool = request.pool;
    waiting_.Push(pool, std::move(request));
  }
  return true;
}

void PipelineLane::Connect() {
  absl::StatusOr<Connection*> acquired = reconnector_.Acquire(absl::ZeroDuration());
  if (!acquired.ok()) {
    down_because_ = std::move(acquired).status();
    return;
  }
  absl::StatusOr<PipelineSession> session = PipelineSession::Enter(**acquired);
  if (!session.ok()) {
    (*acquired)->Condemn();
    return;
  }
  connection_ = *acquired;
  session_ = *std::move(session);
  connected_ = true;
}

void PipelineLane::SendWaiting() {
  const absl::Time now = absl::Now();
  while (!waiting_.empty() && in_flight_.size() < limits_.in_flight) {
    Request request = waiting_.Pop();
    if (request.deadline <= now) {
      Finish(request, LaneDeadlinePassed());
      continue;
    }
    --request.sends_left;
    absl::Status sent = session_->Send(request.query, request.params);
    if (!sent.ok() && sent.code() != absl::StatusCode::kUnavailable) {
      Finish(request, std::move(sent));
      continue;
    }
    if (in_flight_.empty()) oldest_since_ = now;
    in_flight_.push_back(std::move(request));
    if (!sent.ok()) return Disconnect(sent);
  }
  if (absl::Status flushed = session_->Flush(); !flushed.ok()) Disconnect(flushed);
}

bool PipelineLane::Wait() {
  const bool idle = session_ && waiting_.empty() && in_flight_.empty();
  const bool ready = session_ && session_->ready();
  int timeout = idle ? -1 : static_cast<int>(absl::ToInt64Milliseconds(kTick));
  {
    const std::lock_guard lock(mutex_);
    asleep_ = submitted_.empty() && !stopping_;
    if (!asleep_ || ready) timeout = 0;
  }
  pollfd waited[2] = {{wake_.descriptor(), POLLIN, 0}, {-1, POLLIN, 0}};
  if (session_) {
    waited[1].fd = session_->descriptor();
    if (session_->unsent()) waited[1].events |= POLLOUT;
  }
  poll(waited, 2, timeout);
  if (waited[0].revents != 0) wake_.Clear();
  {
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  return ready || (waited[1].revents & ~POLLOUT) != 0;
}

void PipelineLane::Receive() {
  std::vector<absl::StatusOr<Result>> outcomes;
  const absl::Status received = session_->Receive(outcomes);
  for (absl::StatusOr<Result>& outcome : outcomes) {
    Request request = std::move(in_flight_.front());
    in_flight_.pop_front();
    oldest_since_ = absl::Now();
    const bool cancelled = std::exchange(cancellation_, std::nullopt).has_value();
    if (NeedsAnotherTry(request, outcome.status(), cancelled)) {
      waiting_.PushFirst(std::move(request));
    } else {
      Finish(request, std::move(outcome));
    }
  }
  if (!received.ok()) Disconnect(received);
}

bool PipelineLane::NeedsAnotherTry(Request& request, const absl::Status& status, bool cancelled) {
  if (WasCancelled(status) && stray_cancels_ > 0) {
    --stray_cancels_;
    if (cancelled || !request.done) return false;
    ++request.sends_left;  // It was meant for another, which ended before.
    return true;
  }
  return StatementIsStale(status) && request.done && request.sends_left > 0;
}

void PipelineLane::Sweep(absl::Time now) {
  swept_at_ = now;
  const auto late = [now](const Request& request) { return request.deadline <= now; };
  if (!session_ && now - down_since_ >= limits_.patience) {
    waiting_.RemoveIf([](const Request&) { return true; },
                      [this](Request& request) { Finish(request, down_because_); });
  } else {
    waiting_.RemoveIf(late, [this](Request& request) { Finish(request, LaneDeadlinePassed()); });
  }
  for (Request& request : in_flight_) {  // Their results are still to come.
    if (late(request)) Complete(request, DeadlinePassed());
  }
  if (session_ && !in_flight_.empty()) SweepOldest(now);
}

void PipelineLane::SweepOldest(absl::Time now) {
  Request& oldest = in_flight_.front();
  if (cancellation_) {
    if (now - cancelled_at_ >= options_.cancel_grace) {
      Disconnect(errors::DatabaseError(errors::kConnectionFailure,
                                       "no answer, not even to a request to cancel"));
    }
    return;
  }
  absl::Time due = oldest.deadline;
  if (options_.statement_timeout > absl::ZeroDuration()) {
    due = std::min(due, oldest_since_ + options_.statement_timeout);
  }
  if (now < std::max(due, oldest_since_ + kWorthCancelling)) return;
  Complete(oldest, DeadlinePassed());
  cancellation_.emplace(connection_->native());
  cancelled_at_ = now;
  stray_cancels_ = kSignalsOfACancel;
}

void PipelineLane::Disconnect(const absl::Status& why) {
  session_.reset();
  connection_->Condemn();
  connection_ = nullptr;
  connected_ = false;
  down_since_ = absl::Now();
  down_because_ = why;
  cancellation_.reset();
  stray_cancels_ = 0;
  while (!in_flight_.empty()) {
    Request request = std::move(in_flight_.back());
    in_flight_.pop_back();
    if (request.done && request.sends_left > 0) {
      waiting_.PushFirst(std::move(request));
    } else {
      Finish(request, why);
    }
  }
}

absl::Status PipelineLane::DeadlinePassed() {
  return errors::DatabaseError("57014", "the deadline passed before the answer came");
}

void PipelineLane::Complete(Request& request, absl::StatusOr<Result> outcome) {
  if (Done done = std::exchange(request.done, nullptr)) done(std::move(outcome));
}

void PipelineLane::Finish(Request& request, absl::StatusOr<Result> outcome) {
  {
    const std::lock_guard lock(mutex_);
    --pending_;
    const auto of_pool = pending_of_.find(request.pool);
    if (--of_pool->second == 0) pending_of_.erase(of_pool);
  }
  Complete(request, std::move(outcome));
}

}  // namespace tidemark::pg
