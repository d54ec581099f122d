#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/errors/error.h"
#include "services/stream_config/rpc/datasets.h"

namespace tidemark::stream_config {

// A dataset service that tests set.
class FakeDatasets final : public Datasets {
 public:
  absl::StatusOr<Position> EndPosition(const rpc::Call&) override {
    const std::lock_guard lock(mutex_);
    ++end_positions_;
    if (before_end_position_) before_end_position_();
    if (away_) return Away();
    return end_;
  }

  absl::Status CheckEmpty(const rpc::Call&, const std::string&) override {
    const std::lock_guard lock(mutex_);
    if (away_) return Away();
    if (!holds_data_) return absl::OkStatus();
    return errors::Error(absl::StatusCode::kFailedPrecondition,
                         errors::v1::ERROR_REASON_POOL_NOT_EMPTY, "holds data");
  }

  absl::Status Purge(const std::string& pool_id, absl::Time) override {
    const std::lock_guard lock(mutex_);
    if (before_purge_) before_purge_();
    if (away_) return Away();
    if (pool_id == unpurgeable_) return absl::InternalError("a fault");
    purged_.push_back(pool_id);
    return absl::OkStatus();
  }

  void SetEnd(std::int64_t end) {
    const std::lock_guard lock(mutex_);
    end_ = Position(end);
  }
  void SetAway(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  void SetHoldsData(bool holds) {
    const std::lock_guard lock(mutex_);
    holds_data_ = holds;
  }
  // The purge of this pool fails.
  void SetUnpurgeable(const std::string& pool_id) {
    const std::lock_guard lock(mutex_);
    unpurgeable_ = pool_id;
  }
  // Runs before each end position is told.
  void BeforeEndPosition(std::function<void()> hook) {
    const std::lock_guard lock(mutex_);
    before_end_position_ = std::move(hook);
  }

  // Runs before each purge.
  void BeforePurge(std::function<void()> hook) {
    const std::lock_guard lock(mutex_);
    before_purge_ = std::move(hook);
  }

  int end_positions() const {
    const std::lock_guard lock(mutex_);
    return end_positions_;
  }
  std::vector<std::string> purged() const {
    const std::lock_guard lock(mutex_);
    return purged_;
  }

 private:
  static absl::Status Away() {
    return errors::Error(absl::StatusCode::kUnavailable,
                         errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, "away",
                         {{"service", "dataset"}});
  }

  mutable std::mutex mutex_;
  Position end_{1000};
  bool away_ = false;
  bool holds_data_ = false;
  std::string unpurgeable_;
  std::function<void()> before_end_position_;
  std::function<void()> before_purge_;
  int end_positions_ = 0;
  std::vector<std::string> purged_;
};

}  // namespace tidemark::stream_config
