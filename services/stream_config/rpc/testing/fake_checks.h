#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "services/stream_config/rpc/publishers.h"
#include "services/stream_config/rpc/push_services.h"

namespace tidemark::stream_config {

// Answers checks as tests say; at first that all is good.
template <typename Question>
class FakeChecks {
 public:
  using Done = std::function<void(const absl::Status&)>;

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
  std::vector<Question> checked() const {
    const std::lock_guard lock(mutex_);
    return checked_;
  }

 protected:
  void Take(const Question& question, Done done) {
    std::unique_lock lock(mutex_);
    checked_.push_back(question);
    const auto before = before_answer_;
    if (held_) return waiting_.push_back(std::move(done));
    const absl::Status answer = answer_;
    lock.unlock();
    if (before) before();
    done(answer);
  }

 private:
  mutable std::mutex mutex_;
  absl::Status answer_;
  std::function<void()> before_answer_;
  bool held_ = false;
  std::vector<Done> waiting_;
  std::vector<Question> checked_;
};

class FakePublishers final : public Publishers, public FakeChecks<StreamToCheck> {
 public:
  void CheckStream(const rpc::Call&, const StreamToCheck& stream, Done done) override {
    Take(stream, std::move(done));
  }
};

class FakePushServices final : public PushServices, public FakeChecks<PushToCheck> {
 public:
  void CheckPush(const rpc::Call&, const PushToCheck& push, Done done) override {
    Take(push, std::move(done));
  }
};

}  // namespace tidemark::stream_config
