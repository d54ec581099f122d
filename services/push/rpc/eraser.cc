#include "services/push/rpc/eraser.h"

#include <vector>

#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "common/obs/metrics.h"

namespace tidemark::push {
namespace {

constexpr std::int32_t kPoolsAtOnce = 1000;

}  // namespace

Eraser::Eraser(WriteStore& store, PoolList& list, const pools::PoolDirectory& directory,
               const Options& options, prometheus::Registry& registry)
    : store_(store),
      list_(list),
      directory_(directory),
      options_(options),
      erased_(obs::Counter(registry, "tidemark_push_devices_erased_total",
                           "Devices of deleted pools that were forgotten.")),
      failures_(obs::Counter(registry, "tidemark_push_erase_failures_total",
                             "Passes that look for deleted pools' devices and failed.")),
      thread_([this] { Loop(); }) {}

Eraser::~Eraser() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Eraser::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (const absl::Status status = Pass(); !status.ok()) {
      failures_.Increment();
      if (const auto held_back = failure_logs_.Admit(absl::Now())) {
        obs::Log(obs::Level::kWarning,
                 "devices of deleted pools could not be looked for; it is tried again",
                 {{"error", ToStd(status.message())},
                  {"cause", errors::DriverTextOf(status)},
                  {"held_back", *held_back}});
      }
    }
    lock.lock();
    stop_.wait_for(lock, absl::ToChronoNanoseconds(options_.interval),
                   [this] { return stopping_; });
  }
}

absl::Status Eraser::Pass() {
  if (!directory_.Ready().ok()) return absl::OkStatus();
  std::string after;
  while (!Stopping()) {
    TM_ASSIGN_OR_RETURN(const std::vector<std::string> pool_ids,
                        store_.ListPools(after, kPoolsAtOnce, absl::Now() + options_.timeout));
    if (pool_ids.empty()) break;
    after = pool_ids.back();
    for (const std::string& pool_id : pool_ids) {
      if (directory_.Find(pool_id) != nullptr) continue;
      TM_ASSIGN_OR_RETURN(const bool exists, list_.Exists(pool_id, absl::Now() + options_.timeout));
      if (!exists) TM_RETURN_IF_ERROR(Erase(pool_id));
    }
  }
  return absl::OkStatus();
}

absl::Status Eraser::Erase(const std::string& pool_id) {
  while (!Stopping()) {
    TM_ASSIGN_OR_RETURN(const std::int64_t erased,
                        store_.Erase(pool_id, options_.chunk, absl::Now() + options_.timeout));
    if (erased == 0) break;
    erased_.Increment(static_cast<double>(erased));
  }
  return absl::OkStatus();
}

bool Eraser::Stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace tidemark::push
