#include "services/publisher/engine/log_follower.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"

namespace tidemark::publisher {
namespace {

// After a failed statement.
constexpr absl::Duration kRetryInterval = absl::Milliseconds(200);
constexpr absl::Duration kEndInterval = absl::Seconds(1);

}  // namespace

LogFollower::LogFollower(const Options& options, const Parts& parts, const ShardSet& held,
                         Position start)
    : options_(options), parts_(parts), held_(held), gaps_(start) {
  state_.hi = start;
  state_.last_poll = parts_.boottime.Now();
  thread_ = std::thread([this] { Loop(); });
}

LogFollower::~LogFollower() { Stop(); }

LogFollower::State LogFollower::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void LogFollower::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_wanted_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LogFollower::Loop() {
  absl::Duration pause = absl::ZeroDuration();
  while (Sleep(pause)) {
    Learn();
    parts_.router.Tend(gaps_.hi());
    if (!parts_.lease.Held()) {
      pause = LeaseGuard::kAskAgain;
      continue;
    }
    // Those that catch up have room of their own. If one can't be read for, all others go on.
    absl::Status status = CatchUp();
    if (status.code() != absl::StatusCode::kDataLoss) {
      if (!status.ok()) Complain(status);
      status = Poll();
      if (status.ok()) status = AskForEnd();
    }
    if (status.ok()) {
      pause = Interval();
    } else if (status.code() == absl::StatusCode::kDataLoss) {
      const std::lock_guard lock(mutex_);
      state_.broken = status;
      return;
    } else {
      gaps_.ForgetProofs();
      Complain(status);
      pause = kRetryInterval;
    }
  }
}

void LogFollower::Learn() {
  // In this order: what is current then has at least that version.
  const bool current = parts_.catalogue.current();
  const std::int64_t version = parts_.catalogue.version();
  if (version == catalogue_version_ && current == catalogue_current_ &&
      !(current && parts_.router.ForgettingIsDue())) {
    return;
  }
  parts_.router.Update(parts_.catalogue.All(), current, gaps_.hi());
  catalogue_version_ = version;
  catalogue_current_ = current;
}

absl::Status LogFollower::Poll() {
  if (!parts_.dispatcher.WaitForRoom(
          parts_.router.idle_bytes() + options_.read_ahead_bytes,
          catching_up_ ? absl::ZeroDuration() : options_.room_patience)) {
    const std::lock_guard lock(mutex_);
    state_.last_poll = parts_.boottime.Now();
    state_.behind = true;
    return absl::OkStatus();
  }
  const absl::Time begin = parts_.boottime.Now();
  TM_ASSIGN_OR_RETURN(const LogPage page, parts_.log.Poll(held_, gaps_.hi(), gaps_.gaps()));
  parts_.metrics.Polled(parts_.boottime.Now() - begin);
  for (const LogRow& row : page.rows) {
    parts_.router.RouteLive(row);
    parts_.pushes.Take(row);
  }
  const std::vector<PositionRange> dead = gaps_.Apply(
      {.positions = page.positions, .complete = page.complete, .xmin = page.xmin, .time = begin});
  // Declared before cursors pass what was lost: whoever stores those stores this too.
  if (!dead.empty() && dead.front().first <= page.emptied_through) {
    parts_.router.MarkAllGapped(dead.front().first - 1, page.emptied_through);
  }
  parts_.router.Flush(gaps_.read_mark(), page.emptied_through);
  parts_.pushes.Flush(gaps_.read_mark());
  Note(page);
  return ProveGaps();
}

absl::Status LogFollower::ProveGaps() {
  if (!gaps_.WantsProof(parts_.boottime.Now())) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const Xid xid, parts_.log.TakeXid());
  gaps_.AddProof(xid);
  return absl::OkStatus();
}

absl::Status LogFollower::CatchUp() {
  catching_up_ = false;
  const absl::Time now = parts_.boottime.Now();
  if (now < catch_up_at_) return absl::OkStatus();
  const std::optional<Router::Laggard> laggard = parts_.router.NextLaggard();
  if (!laggard) return absl::OkStatus();
  const PositionRange piece{
      laggard->caught_up_to + 1,
      std::min(gaps_.hi(), laggard->caught_up_to + options_.catch_up_positions)};
  const absl::StatusOr<LogPage> page =
      parts_.log.ReadPool(held_, laggard->id.pool_number, piece, laggard->room);
  if (!page.ok()) {
    catch_up_at_ = now + kRetryInterval;
    return page.status();
  }
  parts_.router.RouteCatchUp(*laggard, *page, piece.last, gaps_);
  parts_.router.Flush(gaps_.read_mark(), page->emptied_through);
  catching_up_ = true;
  return absl::OkStatus();
}

absl::Status LogFollower::AskForEnd() {
  const absl::Time now = parts_.boottime.Now();
  if (now < ask_for_end_at_) return absl::OkStatus();
  ask_for_end_at_ = now + kEndInterval;
  TM_ASSIGN_OR_RETURN(const Position end, parts_.log.End());
  const std::lock_guard lock(mutex_);
  state_.log_end = end;
  return absl::OkStatus();
}

absl::Duration LogFollower::Interval() {
  if (state_.behind || catching_up_) return absl::ZeroDuration();
  if (rows_found_ > 0) {
    interval_ = options_.busy_interval;
  } else {
    interval_ = std::min(options_.idle_interval, interval_ + options_.busy_interval);
  }
  return interval_;
}

bool LogFollower::Sleep(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  if (duration > absl::ZeroDuration()) {
    stop_wanted_.wait_for(lock, absl::ToChronoMicroseconds(duration), [this] { return stopping_; });
  }
  return !stopping_;
}

void LogFollower::Note(const LogPage& page) {
  rows_found_ = page.positions.size();
  parts_.metrics.OpenGaps(gaps_.gap_count());
  const std::lock_guard lock(mutex_);
  state_.hi = gaps_.hi();
  state_.open_gaps = gaps_.gap_count();
  state_.last_poll = parts_.boottime.Now();
  state_.behind = !page.complete;
  if (!page.rows.empty()) state_.newest_commit = page.rows.back().commit_time;
}

void LogFollower::Complain(const absl::Status& status) {
  const auto held_back = failures_.Admit(parts_.boottime.Now());
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, "the change log could not be read",
           {{"error", std::string(status.message())},
            {"detail", errors::DriverTextOf(status)},
            {"held_back", *held_back}});
}

}  // namespace tidemark::publisher
