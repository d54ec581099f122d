#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "services/stream_config/rpc/publishers.h"

namespace tidemark::stream_config {

// Publishers that answer as tests say; at first that every stream is good.
class FakePublishers final : public Publishers {
 public:
  using Done = std::function<void(const absl::Status&)>;

  void CheckStream(const rpc::Call&, const StreamToCheck& stream, Done done) override {
    std::unique_lock lock(mutex_);
    checked_.push_back(stream);
    const auto before = before_answer_;
    if (held_) return waiting_.push_back(std::move(done));
    const absl::Status answer = answer_;
    lock.unlock();
    if (before) before();
    done(answer);
  }

  void SetAnswer(absl::Status answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  // Runs before each answer.
  void BeforeAnswer(std::function<void()> hook) {
    const std::lock_guard lock(mutex_);
    before_answer_ = std::move(hook);
  }
  // From now on nothing is answered until Release.
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    std::vector<Done> waiting;
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
      waiting.swap(waiting_);
    }
    for (const Done& done : waiting) done(absl::OkStatus());
  }

  // All that was asked for, in order.
  std::vector<StreamToCheck> checked() const {
    const std::lock_guard lock(mutex_);
    return checked_;
  }

 private:
  mutable std::mutex mutex_;
  absl::Status answer_;
  std::function<void()> before_answer_;
  bool held_ = false;
  std::vector<Done> waiting_;
  std::vector<StreamToCheck> checked_;
};

}  // namespace tidemark::stream_config
