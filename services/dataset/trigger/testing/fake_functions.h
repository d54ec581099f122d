#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "services/dataset/trigger/functions.h"

namespace tidemark::dataset {

// Functions that tests write. Each call is answered at once by `answer`, or waits for Release.
class FakeFunctions final : public Functions {
 public:
  struct Call {
    std::string function;
    nlohmann::json event;
    absl::Duration time;
  };
  using Answer = std::function<aws::InvokeResult(const Call& call)>;

  // As given back by a function that `change` makes of: it changes datasetRecords.
  static Answer Changing(std::function<void(nlohmann::json& records)> change) {
    return [change = std::move(change)](const Call& call) {
      nlohmann::json event = call.event;
      change(event["datasetRecords"]);
      return aws::InvokeResult(aws::FunctionAnswer{event.dump(), ""});
    };
  }
  static Answer Returning(std::string payload, std::string function_error = "") {
    return [payload = std::move(payload), function_error = std::move(function_error)](const Call&) {
      return aws::InvokeResult(aws::FunctionAnswer{payload, function_error});
    };
  }
  static Answer Failing(aws::CallError error) {
    return [error = std::move(error)](const Call&) { return aws::InvokeResult(error); };
  }

  void Invoke(const std::string& function, std::string event, absl::Duration time,
              const std::string&, Callback done) override {
    Call call{function, nlohmann::json::parse(event), time};
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(call);
      if (holding_) {
        held_.emplace_back(std::move(call), std::move(done));
        return;
      }
      answer = answer_;
    }
    done(answer(call));
  }

  void Set(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  // From now on calls wait.
  void Hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  // Answers those that wait; later ones wait no more.
  void Release() {
    std::vector<std::pair<Call, Callback>> held;
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      holding_ = false;
      held.swap(held_);
      answer = answer_;
    }
    for (auto& [call, done] : held) done(answer(call));
  }

  std::vector<Call> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::size_t held() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  mutable std::mutex mutex_;
  Answer answer_ = Changing([](nlohmann::json&) {});
  bool holding_ = false;
  std::vector<Call> calls_;
  std::vector<std::pair<Call, Callback>> held_;
};

}  // namespace tidemark::dataset
