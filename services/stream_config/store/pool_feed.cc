#include "services/stream_config/store/pool_feed.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/obs/metrics.h"

namespace tidemark::stream_config {
namespace {

absl::Status NotReady(std::string_view message) {
  return errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY, message);
}

prometheus::Counter& Reads(prometheus::Registry& registry, const std::string& outcome) {
  return obs::Counter(registry, "tidemark_stream_config_feed_reads_total",
                      "Reads of what changed, by outcome.", {{"outcome", outcome}});
}

absl::Status NotLoaded() { return NotReady("the pools are not loaded yet; try again"); }
absl::Status Unreadable() { return NotReady("the pools can't be read now; watch again"); }
absl::Status Stopping() { return NotReady("the process is stopping; watch another replica"); }

}  // namespace

PoolFeed::PoolFeed(PoolStore& store, const Options& options, prometheus::Registry& registry)
    : store_(store),
      options_(options),
      pools_(obs::Gauge(registry, "tidemark_stream_config_pools", "Identity pools that exist.")),
      watchers_(obs::Gauge(registry, "tidemark_stream_config_watchers", "Watchers being told.")),
      reads_ok_(Reads(registry, "ok")),
      reads_failed_(Reads(registry, "failed")),
      log_(options.max_deleted) {
  reader_ = std::thread([this] { ReadLoop(); });
  teller_ = std::thread([this] { TellLoop(); });
}

PoolFeed::~PoolFeed() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Seat& seat : seats_) seat.watcher->End(Stopping());
    seats_.clear();
  }
  read_wanted_.notify_one();
  tell_wanted_.notify_one();
  reader_.join();
  teller_.join();
}

void PoolFeed::Watch(std::unique_ptr<Watcher> watcher) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) {
    watcher->End(NotLoaded());
    return;
  }
  seats_.push_back({std::move(watcher), log_.Begin(), reads_begun_ + 1});
  refresh_ = true;
  read_wanted_.notify_one();
}

void PoolFeed::Refresh() {
  const std::lock_guard lock(mutex_);
  refresh_ = true;
  read_wanted_.notify_one();
}

absl::Status PoolFeed::Ready() const {
  const std::lock_guard lock(mutex_);
  return loaded_ ? absl::OkStatus() : NotLoaded();
}

void PoolFeed::ReadLoop() {
  const std::chrono::nanoseconds interval = absl::ToChronoNanoseconds(options_.poll_interval);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    refresh_ = false;
    ++reads_begun_;
    lock.unlock();
    const bool read = ReadAll();
    lock.lock();
    if (!read) EndAwaitingLocked();
    reads_over_ = reads_begun_;
    news_ = true;
    tell_wanted_.notify_one();
    read_wanted_.wait_for(lock, interval, [this] { return refresh_ || stopping_; });
  }
}

bool PoolFeed::ReadAll() {
  for (bool more = true; more;) {
    Revision after;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      after = log_.head();
    }
    absl::StatusOr<ChangePage> page =
        store_.ChangesSince(after, options_.read_limit, absl::Now() + options_.read_timeout);
    if (!page.ok()) {
      reads_failed_.Increment();
      LogFailure(page.status());
      return false;  // The next poll may do.
    }
    const std::lock_guard lock(mutex_);
    more = TakeLocked(*std::move(page));
  }
  return true;
}

void PoolFeed::LogFailure(const absl::Status& status) {
  const std::optional<std::int64_t> held_back = failures_.Admit(absl::Now());
  if (!held_back) return;
  const std::string driver_text = errors::DriverTextOf(status);
  std::vector<obs::Field> fields = {{"error", ToStd(status.message())}, {"held_back", *held_back}};
  if (!driver_text.empty()) fields.emplace_back("driver_text", driver_text);
  obs::Log(obs::Level::kWarning, "The pools can't be read; watchers hear of no change.", fields);
}

bool PoolFeed::TakeLocked(ChangePage page) {
  if (page.head < log_.head()) {
    StartOverLocked();
    return true;
  }
  for (PoolChange& change : page.changes) log_.Apply(std::move(change));
  if (page.changes.size() == static_cast<std::size_t>(options_.read_limit)) return true;
  loaded_ = true;
  reads_ok_.Increment();
  pools_.Set(static_cast<double>(log_.size()));
  return false;
}

// The database was put back to an older state: what is known may never have been.
void PoolFeed::StartOverLocked() {
  for (Seat& seat : seats_) seat.watcher->End(NotLoaded());
  seats_.clear();
  log_ = PoolLog(options_.max_deleted);
  loaded_ = false;
}

// What is known may be older than what another replica has told them.
void PoolFeed::EndAwaitingLocked() {
  seats_.remove_if([this](const Seat& seat) {
    const bool awaits = seat.awaits > reads_over_ && seat.awaits <= reads_begun_;
    if (awaits) seat.watcher->End(Unreadable());
    return awaits;
  });
}

void PoolFeed::TellLoop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    news_ = false;
    bool full = false;
    for (auto seat = seats_.begin(); seat != seats_.end();) {
      const Served served = ServeLocked(*seat);
      full |= served == Served::kFull;
      seat = served == Served::kOver ? seats_.erase(seat) : std::next(seat);
    }
    watchers_.Set(static_cast<double>(seats_.size()));
    // Each read of the store is news, so watchers that have gone are soon noticed.
    const auto wanted = [this] { return news_ || stopping_; };
    if (full) {
      tell_wanted_.wait_for(lock, absl::ToChronoNanoseconds(options_.retry_interval), wanted);
    } else {
      tell_wanted_.wait(lock, wanted);
    }
  }
}

PoolFeed::Served PoolFeed::ServeLocked(Seat& seat) {
  if (seat.watcher->Gone()) return Served::kOver;
  if (seat.awaits > reads_over_) return Served::kAll;
  if (log_.FellBehind(seat.cursor)) {
    seat.watcher->End(NotReady("the watcher read too slowly; watch again"));
    return Served::kOver;
  }
  while (true) {
    PoolLog::Cursor next = seat.cursor;
    const std::optional<PoolBatch> batch = log_.Next(next, options_.batch_limit);
    if (!batch) {
      seat.cursor = next;
      return Served::kAll;
    }
    switch (seat.watcher->Offer(*batch)) {
      case Watcher::Took::kYes:
        seat.cursor = next;
        break;
      case Watcher::Took::kFull:
        return Served::kFull;
      case Watcher::Took::kGone:
        return Served::kOver;
    }
  }
}

}  // namespace tidemark::stream_config
