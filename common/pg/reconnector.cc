#include "common/pg/reconnector.h"

#include <utility>

#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"

namespace tidemark::pg {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(2);

}  // namespace

Reconnector::Reconnector(ConnectOptions options, std::function<void()> attempted, Random& random)
    : options_(std::move(options)),
      attempted_(std::move(attempted)),
      backoff_(kFirstBackoff, kLongestBackoff, random),
      last_error_(errors::DatabaseError(errors::kConnectionFailure, "not connected yet")) {}

Reconnector::~Reconnector() {
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<Connection*> Reconnector::Acquire(absl::Duration patience) {
  if (connection_ && connection_->Healthy()) return &*connection_;
  connection_.reset();
  std::unique_lock lock(mutex_);
  if (!attempting_ && !outcome_ && BoottimeClock().Now() >= next_attempt_) {
    if (thread_.joinable()) thread_.join();
    attempting_ = true;
    thread_ = std::thread([this] { Attempt(); });
  }
  if (attempting_) {
    changed_.wait_for(lock, absl::ToChronoNanoseconds(patience),
                      [this] { return outcome_.has_value(); });
  }
  if (!outcome_) return last_error_;
  absl::StatusOr<Connection> outcome = *std::exchange(outcome_, std::nullopt);
  if (outcome.ok()) {
    backoff_.Reset();
    next_attempt_ = absl::InfinitePast();
    connection_ = *std::move(outcome);
    return &*connection_;
  }
  last_error_ = std::move(outcome).status();
  next_attempt_ = BoottimeClock().Now() + backoff_.Next();
  return last_error_;
}

absl::StatusOr<Connection*> Reconnector::AcquireAlive(absl::Duration patience,
                                                      absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(Connection * connection, Acquire(patience));
  return connection->Lives(deadline) ? connection : Acquire(patience);
}

void Reconnector::Attempt() {
  absl::StatusOr<Connection> outcome = Connection::Open(options_);
  {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    attempting_ = false;
    changed_.notify_one();
  }
  if (attempted_) attempted_();
}

}  // namespace tidemark::pg
