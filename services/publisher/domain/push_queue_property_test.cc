#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/publisher/domain/push_queue.h"
#include "services/publisher/domain/testing/fixed_random.h"
#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

constexpr LogShard kShard{3};
const std::vector<std::string> kDevices = {"phone", "pad", "watch"};

// A world in which devices change datasets, and hear of it, with failures of all kinds.
class World {
 public:
  void Step() {
    switch (Pick(0, 6)) {
      case 0:
      case 1:
        return Change();
      case 2:
        return LookUp();
      case 3:
        return Send();
      case 4:
        return Answer();
      default:
        now_ += absl::Milliseconds(Pick(1, 2000));
        queue_.Advance(now_);
    }
  }

  // Lets everything succeed until nothing is left.
  void Settle() {
    for (int i = 0; queue_.waiting() > 0 || !in_flight_.empty(); ++i) {
      RC_ASSERT(i < 1000);
      now_ = std::max(now_, std::min(queue_.NextDue(now_), now_ + absl::Minutes(1)));
      queue_.Advance(now_);
      for (auto& lookup : std::exchange(lookups_, {})) Found(lookup);
      for (auto& lookup : queue_.TakeLookups(100, now_)) Found(lookup);
      while (auto push = queue_.TakePush(now_)) in_flight_.push_back(*std::move(push));
      for (auto& push : std::exchange(in_flight_, {})) Finish(push, PushEnd::kSent);
    }
  }

  // Nothing is passed by: each change above what counts as pushed is still to be told.
  void CheckPositions() const {
    const Position pushed = queue_.Pushed()[kShard.value()];
    RC_ASSERT(pushed <= position_);
    for (const auto& [dataset, changes] : changes_) {
      for (const auto& [count, change] : changes) {
        if (change.position > pushed) continue;
        for (const std::string& device : kDevices) {
          RC_ASSERT(device == change.writer || told_.contains({dataset, device}));
          if (device != change.writer) RC_ASSERT(told_.at({dataset, device}) >= count);
        }
      }
    }
  }
  void CheckAllTold() const {
    RC_ASSERT(queue_.Pushed()[kShard.value()] == position_);
    RC_ASSERT(queue_.bytes() == 0);
    RC_ASSERT(queue_.in_flight() == 0U);
    RC_ASSERT(queue_.Pools().empty());
    CheckPositions();
  }

 private:
  struct Made {
    Position position = 0;
    std::string writer;
  };

  void Change() {
    const PushKey key{Pick(1, 4), "who", absl::StrCat("d", Pick(0, 3))};
    const std::string dataset = absl::StrCat(key.pool_number, key.dataset_name);
    const std::string& writer = kDevices[Pick<std::size_t>(0, kDevices.size())];
    const std::int64_t count = static_cast<std::int64_t>(changes_[dataset].size()) + 1;
    changes_[dataset][count] = {++position_, writer};
    queue_.Add({key, position_, kShard, count, writer, now_}, now_);
    queue_.ReadThrough(position_);
  }

  void LookUp() {
    for (auto& lookup : queue_.TakeLookups(Pick<std::size_t>(1, 4), now_)) {
      lookups_.push_back(std::move(lookup));
    }
  }

  void Found(const PushQueue::Lookup& lookup) {
    std::vector<PushTarget> targets;
    for (const std::string& device : kDevices) {
      if (device != lookup.writer) targets.push_back({device, PushPlatform::kAdm, "arn", 1});
    }
    queue_.Found(lookup.entry, std::move(targets), now_);
  }

  void Send() {
    for (int i = Pick(1, 5); i > 0; --i) {
      if (auto push = queue_.TakePush(now_)) in_flight_.push_back(*std::move(push));
    }
  }

  void Answer() {
    if (!lookups_.empty()) {
      const auto lookup = lookups_.back();
      lookups_.pop_back();
      if (Pick(0, 4) == 0) {
        queue_.NotFound(lookup.entry, now_);
      } else {
        Found(lookup);
      }
    }
    if (in_flight_.empty()) return;
    const auto at = in_flight_.begin() + Pick<std::ptrdiff_t>(0, std::ssize(in_flight_));
    const auto push = *at;
    in_flight_.erase(at);
    constexpr PushEnd kEnds[] = {PushEnd::kSent, PushEnd::kSent, PushEnd::kTransient,
                                 PushEnd::kThrottled, PushEnd::kDenied};
    Finish(push, kEnds[Pick<std::size_t>(0, std::size(kEnds))]);
  }

  void Finish(const PushQueue::Push& push, PushEnd end) {
    const std::string dataset = absl::StrCat(push.key.pool_number, push.key.dataset_name);
    if (end == PushEnd::kSent) {
      std::int64_t& told = told_[{dataset, push.target.device_id}];
      told = std::max(told, push.sync_count);
    }
    queue_.Finish(push, end, now_);
  }

  FixedRandom random_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  Position position_ = 0;
  PushQueue queue_{{.age = absl::Hours(100'000), .in_flight = 6, .in_flight_of_pool = 4},
                   PushPositions(ShardSet().set(kShard.value()), {}, 0),
                   random_};
  std::vector<PushQueue::Lookup> lookups_;
  std::vector<PushQueue::Push> in_flight_;
  std::map<std::string, std::map<std::int64_t, Made>> changes_;       // by dataset and count
  std::map<std::pair<std::string, std::string>, std::int64_t> told_;  // by dataset and device
};

RC_GTEST_PROP(PushQueueProperty, EveryDeviceHearsOfEachChangeOfAnotherBeforePositionsPassIt, ()) {
  World world;
  for (int i = Pick(0, 200); i > 0; --i) {
    world.Step();
    world.CheckPositions();
  }
  world.Settle();
  world.CheckAllTold();
}

}  // namespace
}  // namespace tidemark::publisher
