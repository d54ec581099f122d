#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/publisher/engine/push_sender.h"
#include "services/publisher/engine/push_targets.h"

namespace tidemark::publisher {

// A push service in memory, where every identity of every pool has the same devices. Safe for
// concurrent use.
class FakePushTargets final : public PushTargets {
 public:
  void Find(const std::vector<Dataset>& datasets, Found done) override;
  void Tell(const std::vector<Report>& reports, Told done) override;

  // Nobody has any until they are set.
  void SetDevices(std::vector<std::string> devices);
  // Makes every call fail with `status` until OK is set.
  void SetFailure(absl::Status status);
  // Refuses calls that ask for this identity; empty for none.
  void Refuse(std::string identity_id);
  // While held, lookups wait for their answers.
  void Hold(bool hold);

  // All that was asked for, a call after another.
  std::vector<std::vector<Dataset>> calls() const;
  // Devices whose endpoints were reported, and whether they are gone. They are not found again.
  std::map<std::string, bool> reported() const;

 private:
  std::vector<std::vector<PushTarget>> Answer(const std::vector<Dataset>& datasets) const;

  mutable std::mutex mutex_;
  std::vector<std::string> devices_;
  absl::Status failure_;
  std::string refused_;
  bool hold_ = false;
  std::vector<std::pair<std::vector<Dataset>, Found>> held_;
  std::vector<std::vector<Dataset>> calls_;
  std::map<std::string, bool> reported_;
};

// An SNS in memory. Safe for concurrent use.
class FakePushSender final : public PushSender {
 public:
  struct Arrival {
    std::string pool_id;
    std::string role_arn;
    std::string endpoint_arn;
    std::string message;
  };
  using Judge = std::function<PushEnd(const Arrival&)>;

  void Send(const PushPool& pool, std::string_view endpoint_arn, std::string_view message,
            Sent done) override;

  // All pushes are sent until a judge is set.
  void SetJudge(Judge judge);
  // While held, those of this pool wait for their answers; empty for none.
  void HoldPool(std::string pool_id);

  // What was sent, in order.
  std::vector<Arrival> Arrived() const;
  // The same of one pool: endpoints.
  std::vector<std::string> EndpointsOf(const std::string& pool_id) const;
  std::size_t calls() const;

 private:
  PushEnd Receive(const Arrival& arrival);

  mutable std::mutex mutex_;
  Judge judge_;
  std::string held_pool_;
  std::vector<std::pair<Arrival, Sent>> held_;
  std::vector<Arrival> arrived_;
  std::size_t calls_ = 0;
};

}  // namespace tidemark::publisher
