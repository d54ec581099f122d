#include "services/stream_config/rpc/purger.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/obs/metrics.h"

namespace tidemark::stream_config {
namespace {

constexpr std::int32_t kPoolsAtOnce = 100;

prometheus::Counter& Purges(prometheus::Registry& registry, const std::string& outcome) {
  return obs::Counter(registry, "tidemark_stream_config_purges_total",
                      "Final purges of deleted pools, by outcome.", {{"outcome", outcome}});
}

}  // namespace

Purger::Purger(PoolStore& store, Datasets& datasets, const Clock& clock, const Options& options,
               prometheus::Registry& registry)
    : store_(store),
      datasets_(datasets),
      clock_(clock),
      options_(options),
      ok_(Purges(registry, "ok")),
      failed_(Purges(registry, "failed")) {
  thread_ = std::thread([this] { Loop(); });
}

Purger::~Purger() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Purger::Loop() {
  const std::chrono::nanoseconds interval = absl::ToChronoNanoseconds(options_.interval);
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    PurgeAll();
    lock.lock();
  }
}

void Purger::PurgeAll() {
  const absl::StatusOr<std::vector<std::string>> pool_ids = store_.ListUnpurged(
      clock_.Now() - options_.delay, kPoolsAtOnce, absl::Now() + options_.timeout);
  if (!pool_ids.ok()) return;  // The database is away: readiness tells.
  for (const std::string& pool_id : *pool_ids) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const absl::Status status = Purge(pool_id);
    (status.ok() ? ok_ : failed_).Increment();
    if (status.ok()) continue;
    if (const auto held_back = failures_.Admit(absl::Now())) {
      obs::Log(obs::Level::kWarning, "A deleted pool can't be purged; it is tried again.",
               {{"error", ToStd(status.message())}, {"held_back", *held_back}});
    }
    if (absl::IsUnavailable(status)) return;  // The others would fare no better.
  }
}

absl::Status Purger::Purge(const std::string& pool_id) {
  const absl::Time deadline = absl::Now() + options_.timeout;
  TM_RETURN_IF_ERROR(datasets_.Purge(pool_id, deadline));
  return store_.MarkPurged(pool_id, clock_.Now(), deadline);
}

}  // namespace tidemark::stream_config
