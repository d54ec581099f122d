#include "services/publisher/domain/copy_freshness.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/domain/testing/fixed_random.h"
#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

TEST(CopyFreshnessTest, ACopyIsStaleAfterANewerChangeThatEnteredSinceItsReadBegan) {
  CopyFreshness freshness;
  const auto read = freshness.Begin();
  freshness.Note("i", "d", 5);
  EXPECT_TRUE(freshness.IsStale(read, "i", "d", 4));
  EXPECT_FALSE(freshness.IsStale(read, "i", "d", 5)) << "it has the change";
  EXPECT_FALSE(freshness.IsStale(read, "i", "e", 4));
  EXPECT_FALSE(freshness.IsStale(read, "j", "d", 4));
}

TEST(CopyFreshnessTest, WhatEnteredBeforeTheReadIsInTheCopy) {
  CopyFreshness freshness;
  const auto earlier = freshness.Begin();
  freshness.Note("i", "d", 50);  // of a life that was erased: counts began anew
  const auto read = freshness.Begin();
  EXPECT_FALSE(freshness.IsStale(read, "i", "d", 1));
  freshness.Note("i", "d", 2);
  EXPECT_TRUE(freshness.IsStale(read, "i", "d", 1));
  EXPECT_FALSE(freshness.IsStale(read, "i", "d", 2));
  EXPECT_TRUE(freshness.IsStale(earlier, "i", "d", 2));
}

TEST(CopyFreshnessTest, NothingIsKeptWithoutAnOpenRead) {
  CopyFreshness freshness;
  freshness.Note("i", "d", 1);
  EXPECT_EQ(freshness.noted(), 0U);
  const auto first = freshness.Begin();
  freshness.Note("i", "d", 2);
  const auto second = freshness.Begin();
  freshness.Note("i", "d", 3);
  freshness.Note("i", "d", 4);
  EXPECT_EQ(freshness.noted(), 2U);
  freshness.End(first);
  EXPECT_EQ(freshness.noted(), 1U);
  freshness.End(second);
  EXPECT_EQ(freshness.noted(), 0U);
  EXPECT_FALSE(freshness.open());
}

// Datasets that change, a log that is read late, copies that are read at any time and enter late, a
// stream that fails at random.
class Simulation {
 public:
  void Run() {
    for (int steps = Pick(1, 200); steps > 0; --steps) Step(Pick(0, 7));
    while (!log_.empty() || !reads_.empty() || !copies_.empty() || window_.waiting() > 0) {
      EnterChange();
      EnterCopies(false);
      Deliver();
      now_ = std::max(now_, window_.NextDue() == absl::InfiniteFuture() ? now_ : window_.NextDue());
    }
    RC_ASSERT(freshness_.noted() == 0U);
    for (const int dataset : wanted_) RC_ASSERT(copied_.contains(dataset));
  }

 private:
  struct Copy {
    CopyFreshness::Read read = 0;
    std::map<int, std::int64_t> counts;
  };

  void Step(int kind) {
    switch (kind) {
      case 0:
      case 1: {
        const int dataset = Pick(0, 3);
        log_.push_back({dataset, ++committed_[dataset]});
        return;
      }
      case 2:
        return EnterChange();
      case 3:
        reads_.push_back(freshness_.Begin());
        return;
      case 4:
        if (!reads_.empty()) ReadCopies();
        return;
      case 5:
        return EnterCopies(true);
      default:
        return Deliver();
    }
  }

  // The moment that a read is of.
  void ReadCopies() {
    Copy copy{reads_.front(), {}};
    reads_.erase(reads_.begin());
    for (const auto& [dataset, count] : committed_) copy.counts[dataset] = count;
    for (const auto& [dataset, count] : committed_) wanted_.insert(dataset);
    copies_.push_back(copy);
  }

  void EnterChange() {
    if (log_.empty()) return;
    const auto [dataset, count] = log_.front();
    log_.pop_front();
    freshness_.Note("key", Name(dataset), count);
    window_.Add(EventOf(dataset, count, 0));
  }

  void EnterCopies(bool maybe) {
    while (!reads_.empty() && !maybe) ReadCopies();
    if (copies_.empty() || (maybe && Pick(0, 2) == 0)) return;
    const Copy copy = copies_.front();
    copies_.erase(copies_.begin());
    Copy again{0, {}};
    for (const auto& [dataset, count] : copy.counts) {
      if (freshness_.IsStale(copy.read, "key", Name(dataset), count)) {
        again.counts[dataset] = committed_[dataset];
      } else {
        window_.Add(EventOf(dataset, count, ++ticket_));
      }
    }
    freshness_.End(copy.read);
    if (again.counts.empty()) return;
    again.read = freshness_.Begin();
    copies_.push_back(again);
  }

  void Deliver() {
    const auto request = window_.Next(now_);
    if (!request) return;
    SendResult result{.records = std::vector<RecordResult>(request->records.size())};
    std::vector<Event> arrived;
    for (std::size_t i = 0; i < request->records.size(); ++i) {
      if (Pick(0, 5) == 4) {  // seldom in simple cases, too
        result.records[i] = {Fault::kTransient, "no"};
      } else {
        Arrive(*request->records[i].event);
      }
    }
    window_.Finish(request->id, result, now_, random_);
  }

  void Arrive(const Event& event) {
    const int dataset = std::stoi(event.change.dataset_name);
    std::int64_t& newest = newest_change_[dataset];
    if (event.is_copy()) {
      RC_ASSERT(event.change.sync_count >= newest);
      copied_.insert(dataset);
    } else {
      RC_ASSERT(event.change.sync_count == newest + 1);
      newest = event.change.sync_count;
    }
  }

  static std::string Name(int dataset) { return std::to_string(dataset); }
  Event EventOf(int dataset, std::int64_t count, std::uint64_t ticket) {
    Event event;
    event.key = "key";
    event.data = "data";
    event.change = {Name(dataset), ChangeKind::kUpdate, count, 1};
    event.copy = ticket;
    return event;
  }

  CopyFreshness freshness_;
  DeliveryWindow window_{
      {.records_per_request = 4, .bytes_per_request = 60, .requests_in_flight = 3}};
  FixedRandom random_;
  absl::Time now_ = absl::UnixEpoch();
  std::map<int, std::int64_t> committed_;
  std::deque<std::pair<int, std::int64_t>> log_;  // committed and not read
  std::vector<CopyFreshness::Read> reads_;        // begun, not yet of any moment
  std::vector<Copy> copies_;                      // read, not yet in line
  std::set<int> wanted_;
  std::set<int> copied_;
  std::map<int, std::int64_t> newest_change_;
  std::uint64_t ticket_ = 0;
};

RC_GTEST_PROP(CopyFreshnessPropertyTest, NoStaleCopyFollowsANewerChangeAndEveryDatasetIsCopied,
              ()) {
  Simulation().Run();
}

}  // namespace
}  // namespace tidemark::publisher
