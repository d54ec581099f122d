#include "common/obs/readiness.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tidemark::obs {

Readiness::Readiness(std::vector<Check> checks, const Options& options,
                     std::function<void(bool)> on_change)
    : checks_(std::move(checks)), options_(options), on_change_(std::move(on_change)) {
  for (const Check& check : checks_) {
    report_.results.push_back({check.name, absl::UnavailableError("not asked yet")});
  }
  asker_ = std::thread([this] { AskLoop(); });
  publisher_ = std::thread([this] { PublishLoop(); });
}

Readiness::~Readiness() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  asker_.join();
  publisher_.join();
}

Readiness::Report Readiness::Now() const {
  const Lock lock(mutex_);
  return report_;
}

void Readiness::Refresh() {
  {
    const Lock lock(mutex_);
    refresh_ = true;
  }
  changed_.notify_all();
}

void Readiness::Stop() {
  const Lock notifying(notifying_);
  {
    const Lock lock(mutex_);
    stopping_ = true;
    if (!report_.ready) return changed_.notify_all();
    report_.ready = false;
  }
  changed_.notify_all();
  on_change_(false);
}

void Readiness::AskLoop() {
  Lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ask_ || stopping_; });
    if (stopping_) return;
    ask_ = false;
    Report report{.ready = true};
    for (asking_ = 0; asking_ < checks_.size(); ++asking_) {
      const Check& check = checks_[asking_];
      lock.unlock();
      absl::Status status = check.ask();
      lock.lock();
      report.ready = report.ready && status.ok();
      report.results.push_back({check.name, std::move(status)});
    }
    answer_ = std::move(report);
    changed_.notify_all();
  }
}

void Readiness::PublishLoop() {
  const auto answered = [this] { return answer_.has_value() || stopping_; };
  Lock lock(mutex_);
  while (!stopping_) {
    refresh_ = false;
    answer_.reset();
    ask_ = true;
    changed_.notify_all();
    if (!changed_.wait_for(lock, absl::ToChronoNanoseconds(options_.patience), answered)) {
      Publish(lock, Overdue());
      changed_.wait(lock, answered);
    }
    if (stopping_) return;
    Publish(lock, *std::exchange(answer_, std::nullopt));
    const absl::Duration pause = report_.ready ? options_.interval : options_.retry;
    changed_.wait_for(lock, absl::ToChronoNanoseconds(pause),
                      [this] { return refresh_ || stopping_; });
  }
}

void Readiness::Publish(Lock& lock, Report report) {
  lock.unlock();
  {
    const Lock notifying(notifying_);
    lock.lock();
    if (stopping_) return;
    const bool changed = report.ready != report_.ready;
    const bool ready = report.ready;
    report_ = std::move(report);
    lock.unlock();
    if (changed) on_change_(ready);
  }
  lock.lock();
}

Readiness::Report Readiness::Overdue() const {
  Report report = report_;
  report.ready = false;
  if (asking_ < report.results.size()) {
    report.results[asking_].status = absl::DeadlineExceededError(
        absl::StrCat("no answer for ", absl::FormatDuration(options_.patience)));
  }
  return report;
}

}  // namespace tidemark::obs
