#include "services/publisher/engine/order_book.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/status_macros.h"

namespace tidemark::publisher {
namespace {

// In intervals. What is parked may be much to count.
constexpr int kTell = 2;
constexpr int kTidy = 15;
// Parked changes read at once.
constexpr int kReplays = 64;
// What waits for less is on its way.
constexpr absl::Duration kOnItsWay = absl::Seconds(1);

}  // namespace

OrderBook::OrderBook(absl::Duration interval, const Parts& parts, std::string member,
                     const ShardSet& held)
    : interval_(interval), parts_(parts), member_(std::move(member)), held_(held) {}

absl::Status OrderBook::Read() {
  const absl::Time now = parts_.boottime.Now();
  if (now < read_at_) return absl::OkStatus();
  read_at_ = now + interval_;
  TM_ASSIGN_OR_RETURN(Ordered ordered, parts_.orders.Read(held_, replays_after_, kReplays));
  std::set<std::int32_t> paused;
  for (const auto& [pool_number, pause] : ordered.pauses) paused.insert(pool_number);
  parts_.catalogue.Pause(std::move(paused));
  replays_ = std::move(ordered.replays);
  replays_after_ = {};  // from the beginning, once the end was reached
  if (static_cast<int>(replays_.size()) == kReplays) {
    replays_after_ = {replays_.back().event.position, replays_.back().destination};
  }
  return absl::OkStatus();
}

absl::Status OrderBook::Tidy() {
  const absl::Time now = parts_.boottime.Now();
  if (now < tidy_at_) return absl::OkStatus();
  tidy_at_ = now + kTidy * interval_;
  TM_RETURN_IF_ERROR(ForgetGone(now));
  TM_ASSIGN_OR_RETURN(const std::int64_t parked, parts_.orders.CountParked(held_));
  parts_.metrics.ParkedNow(parked);
  return absl::OkStatus();
}

absl::Status OrderBook::ForgetGone(absl::Time now) {
  if (!parts_.catalogue.current()) {
    absent_.clear();
    return absl::OkStatus();
  }
  TM_ASSIGN_OR_RETURN(const std::set<std::int32_t> pools, parts_.orders.Pools(held_));
  std::erase_if(absent_, [&](const auto& absent) { return !pools.contains(absent.first); });
  std::set<std::int32_t> gone;
  for (const std::int32_t pool_number : pools) {
    if (parts_.catalogue.Exists(pool_number)) {
      absent_.erase(pool_number);
    } else if (now - absent_.try_emplace(pool_number, now).first->second >=
               Catalogue::kForgetAfter) {
      gone.insert(pool_number);
    }
  }
  return gone.empty() ? absl::OkStatus() : parts_.orders.Forget(gone, held_);
}

absl::Status OrderBook::Tell(const Dispatcher::Report& report) {
  tell_at_ = parts_.boottime.Now() + kTell * interval_;
  const absl::Time late = parts_.wall.Now() - kOnItsWay;
  std::vector<DestinationReport> reports;
  for (const auto& [id, stats] : report.destinations) {
    const bool lags = stats.waiting > 0 && stats.oldest_commit < late;
    if (!lags && !stats.split_off && stats.last_error.empty()) continue;
    reports.push_back({id, stats.waiting, stats.oldest_commit, stats.split_off, stats.last_error});
  }
  std::ranges::stable_sort(reports, std::greater<>(), &DestinationReport::waiting);
  if (reports.size() > Orders::kMaxReports) reports.resize(Orders::kMaxReports);
  if (reports == told_) return absl::OkStatus();
  told_.reset();
  TM_RETURN_IF_ERROR(parts_.orders.Report(member_, reports));
  told_ = std::move(reports);
  return absl::OkStatus();
}

}  // namespace tidemark::publisher
