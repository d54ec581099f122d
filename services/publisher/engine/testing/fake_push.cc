#include "services/publisher/engine/testing/fake_push.h"

#include <algorithm>

namespace tidemark::publisher {
namespace {

// One that shares nothing: how Abseil counts who has a status is hidden from ThreadSanitizer.
absl::Status CopyOf(const absl::Status& status) { return {status.code(), status.message()}; }

}  // namespace

void FakePushTargets::Find(const std::vector<Dataset>& datasets, Found done) {
  absl::StatusOr<std::vector<std::vector<PushTarget>>> answer;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(datasets);
    if (hold_) {
      held_.emplace_back(datasets, std::move(done));
      return;
    }
    if (std::any_of(datasets.begin(), datasets.end(),
                    [this](const Dataset& dataset) { return dataset.identity_id == refused_; })) {
      answer = absl::InvalidArgumentError("no such identity can be");
    } else if (failure_.ok()) {
      answer = Answer(datasets);
    } else {
      answer = CopyOf(failure_);
    }
  }
  done(std::move(answer));
}

std::vector<std::vector<PushTarget>> FakePushTargets::Answer(
    const std::vector<Dataset>& datasets) const {
  std::vector<std::vector<PushTarget>> answer;
  for (const Dataset& dataset : datasets) {
    std::vector<PushTarget>& targets = answer.emplace_back();
    for (const std::string& device : devices_) {
      if (device == dataset.writer || reported_.contains(device)) continue;
      targets.push_back({device, PushPlatform::kGcm, "arn:" + device, 3});
    }
  }
  return answer;
}

void FakePushTargets::Tell(const std::vector<Report>& reports, Told done) {
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    status = CopyOf(failure_);
    for (const Report& report : reports) {
      if (status.ok() && report.registration == 3) reported_[report.device_id] = report.gone;
    }
  }
  done(std::move(status));
}

void FakePushTargets::SetDevices(std::vector<std::string> devices) {
  const std::lock_guard lock(mutex_);
  devices_ = std::move(devices);
}

void FakePushTargets::SetFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

void FakePushTargets::Refuse(std::string identity_id) {
  const std::lock_guard lock(mutex_);
  refused_ = std::move(identity_id);
}

void FakePushTargets::Hold(bool hold) {
  std::vector<std::pair<std::vector<Dataset>, Found>> held;
  {
    const std::lock_guard lock(mutex_);
    hold_ = hold;
    if (!hold) held = std::exchange(held_, {});
  }
  for (auto& [datasets, done] : held) {
    std::vector<std::vector<PushTarget>> answer;
    {
      const std::lock_guard lock(mutex_);
      answer = Answer(datasets);
    }
    done(std::move(answer));
  }
}

std::vector<std::vector<PushTargets::Dataset>> FakePushTargets::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::map<std::string, bool> FakePushTargets::reported() const {
  const std::lock_guard lock(mutex_);
  return reported_;
}

void FakePushSender::Send(const PushPool& pool, std::string_view endpoint_arn,
                          std::string_view message, Sent done) {
  Arrival arrival{pool.pool_id, pool.role_arn, std::string(endpoint_arn), std::string(message)};
  PushEnd end = PushEnd::kSent;
  {
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (!held_pool_.empty() && pool.pool_id == held_pool_) {
      held_.emplace_back(std::move(arrival), std::move(done));
      return;
    }
    end = Receive(arrival);
  }
  done({end, end == PushEnd::kSent ? "" : "as the judge says"});
}

PushEnd FakePushSender::Receive(const Arrival& arrival) {
  const PushEnd end = judge_ ? judge_(arrival) : PushEnd::kSent;
  if (end == PushEnd::kSent) arrived_.push_back(arrival);
  return end;
}

void FakePushSender::SetJudge(Judge judge) {
  const std::lock_guard lock(mutex_);
  judge_ = std::move(judge);
}

void FakePushSender::HoldPool(std::string pool_id) {
  std::vector<std::pair<Arrival, Sent>> held;
  {
    const std::lock_guard lock(mutex_);
    held_pool_ = std::move(pool_id);
    held = std::exchange(held_, {});
  }
  for (auto& [arrival, done] : held) {
    PushEnd end = PushEnd::kSent;
    {
      const std::lock_guard lock(mutex_);
      end = Receive(arrival);
    }
    done({end, ""});
  }
}

std::vector<FakePushSender::Arrival> FakePushSender::Arrived() const {
  const std::lock_guard lock(mutex_);
  return arrived_;
}

std::vector<std::string> FakePushSender::EndpointsOf(const std::string& pool_id) const {
  std::vector<std::string> endpoints;
  for (const Arrival& arrival : Arrived()) {
    if (arrival.pool_id == pool_id) endpoints.push_back(arrival.endpoint_arn);
  }
  return endpoints;
}

std::size_t FakePushSender::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

}  // namespace tidemark::publisher
