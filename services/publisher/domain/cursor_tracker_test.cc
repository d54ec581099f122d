#include "services/publisher/domain/cursor_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Shards = CursorTracker::Shards;

constexpr DestinationId kOne{1, 1};
constexpr DestinationId kTwo{2, 1};
constexpr LogShard kShard(3);

ShardPositions All(Position position) {
  ShardPositions positions;
  positions.fill(position);
  return positions;
}

// Floors of a destination that counts, with everything up to `position` settled.
Floors Counted(Position position) {
  return {.settled = std::make_shared<const ShardPositions>(All(position))};
}

class CursorTrackerTest : public ::testing::Test {
 protected:
  void Read(DestinationId id, Position position, Position mark, LogShard shard = kShard) {
    const CursorTracker::OnItsWay change{id, {position, shard}};
    tracker_.Read({&change, 1}, mark);
  }
  void Settle(DestinationId id, Position position, LogShard shard = kShard) {
    const CursorTracker::Place place{position, shard};
    tracker_.Settle(id, {&place, 1});
  }
  CursorUpdate Store() {
    const std::optional<CursorUpdate> update = tracker_.Take(Shards::kAll);
    EXPECT_TRUE(update.has_value());
    if (!update) return {};
    tracker_.Confirm(*update);
    return *update;
  }

  CursorTracker tracker_{All(10), 10};
};

TEST_F(CursorTrackerTest, WithoutDestinationsEverythingReadIsSettled) {
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
  tracker_.Read({}, 20);
  EXPECT_THAT(Store().settled, Each(20));
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
}

TEST_F(CursorTrackerTest, AChangeOnItsWayHoldsUpItsShardAlone) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  Read(kOne, 15, 20);
  const CursorUpdate update = Store();
  EXPECT_EQ(update.settled[kShard.value()], 14);
  EXPECT_EQ(update.settled[0], 20);
  EXPECT_EQ(tracker_.Low(), 14);
  EXPECT_EQ(tracker_.size(), 1);
  Settle(kOne, 15);
  EXPECT_THAT(Store().settled, Each(20));
  EXPECT_EQ(tracker_.size(), 0);
}

TEST_F(CursorTrackerTest, ShardsWithoutDeliveriesMayBeLeftForLater) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  Read(kOne, 15, 20);
  EXPECT_FALSE(tracker_.Take(Shards::kDelivered).has_value());
  Settle(kOne, 15);
  EXPECT_EQ(tracker_.Settled(), 20);
  const auto update = tracker_.Take(Shards::kDelivered);
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->settled[kShard.value()], 20);
  EXPECT_EQ(update->settled[0], 10);
  tracker_.Confirm(*update);
  EXPECT_FALSE(tracker_.Take(Shards::kDelivered).has_value());
  EXPECT_EQ(tracker_.Low(), 10);
  EXPECT_THAT(Store().settled, Each(20));
}

TEST_F(CursorTrackerTest, ChangesMaySettleAndBeReadInAnyOrder) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  Read(kOne, 15, 10);
  Read(kOne, 13, 12);  // filled a gap
  Settle(kOne, 15);
  EXPECT_EQ(Store().settled[kShard.value()], 12);
  Settle(kOne, 13);
  Read(kOne, 16, 16);
  EXPECT_EQ(Store().settled[kShard.value()], 15);
}

TEST_F(CursorTrackerTest, WhatIsSettledBehindASlowChangeTakesNoMemory) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  Read(kOne, 11, 11);
  for (Position position = 12; position < 1000; ++position) {
    Read(kOne, position, position);
    Settle(kOne, position);
  }
  EXPECT_EQ(tracker_.size(), 1);
  EXPECT_EQ(Store().settled[kShard.value()], 10);
  Settle(kOne, 11);
  EXPECT_THAT(Store().settled, Each(999));
}

TEST_F(CursorTrackerTest, ADestinationThatStaysAheadGetsCursorsOfItsOwn) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  tracker_.Add(kTwo, Counted(10), std::nullopt);
  Read(kOne, 11, 11);
  Read(kTwo, 12, 12);
  Settle(kTwo, 12);
  std::vector<CursorRow> rows;
  for (int i = 0; i < 10; ++i) {
    if (const auto update = tracker_.Take(Shards::kAll)) {
      rows.insert(rows.end(), update->rows.begin(), update->rows.end());
      tracker_.Confirm(*update);
    }
  }
  EXPECT_THAT(rows, ElementsAre(CursorRow{kTwo, kShard, 12})) << "once, and only kTwo";
}

TEST_F(CursorTrackerTest, WhoIsPastWhatTheLogForgotHasCursorsThatSaySo) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  tracker_.Add(kTwo, Counted(10), std::nullopt);
  Read(kOne, 11, 100);
  tracker_.Emptied(50);
  std::vector<CursorRow> rows;
  for (int i = 0; i < 10; ++i) {
    if (const auto update = tracker_.Take(Shards::kAll)) {
      rows.insert(rows.end(), update->rows.begin(), update->rows.end());
      tracker_.Confirm(*update);
    }
    tracker_.Read({}, 101 + i);
  }
  ASSERT_EQ(rows.size(), 1U) << "where kOne lags, once";
  EXPECT_EQ(rows[0].destination, kTwo);
  EXPECT_EQ(rows[0].log_shard, kShard);
  EXPECT_GE(rows[0].position, 50);
}

TEST_F(CursorTrackerTest, WhatWasNotConfirmedIsTakenAgain) {
  tracker_.Add(kOne, {.start = 10}, std::nullopt);
  tracker_.Read({}, 20);
  for (int i = 0; i < 2; ++i) {
    const auto update = tracker_.Take(Shards::kAll);
    ASSERT_TRUE(update.has_value());
    EXPECT_THAT(update->settled, Each(20));
    EXPECT_THAT(update->joined, ElementsAre(kOne));
  }
  Store();
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
}

TEST_F(CursorTrackerTest, ALateDestinationCountsOnceItHasCaughtUp) {
  tracker_.Read({}, 20);
  Store();
  tracker_.Add(kOne, {.start = 5}, 5);
  EXPECT_EQ(tracker_.Low(), 5) << "it still needs the log from there";
  Read(kOne, 8, 20);
  tracker_.CatchUp(kOne, 20);
  tracker_.Join(kOne);
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value()) << "settled positions never go back";
  Settle(kOne, 8);
  EXPECT_THAT(Store().joined, ElementsAre(kOne));
}

TEST_F(CursorTrackerTest, ALateDestinationKeepsWhereItIsWhileItCatchesUp) {
  tracker_.Read({}, 20);
  Store();
  tracker_.Add(kOne, {.start = 5}, 5);
  Read(kOne, 7, 20);
  tracker_.CatchUp(kOne, 9);
  Settle(kOne, 7);
  std::vector<CursorRow> rows;
  for (int i = 0; i < 5; ++i) {
    if (const auto update = tracker_.Take(Shards::kAll)) {
      rows.insert(rows.end(), update->rows.begin(), update->rows.end());
      EXPECT_THAT(update->joined, IsEmpty());
      tracker_.Confirm(*update);
    }
  }
  EXPECT_THAT(rows, ElementsAre(CursorRow{kOne, kShard, 9}));
}

TEST_F(CursorTrackerTest, ARemovedDestinationHoldsUpNothing) {
  tracker_.Add(kOne, Counted(10), std::nullopt);
  Read(kOne, 15, 20);
  tracker_.Remove(kOne);
  const CursorUpdate update = Store();
  EXPECT_THAT(update.settled, Each(20));
  EXPECT_THAT(update.removed, ElementsAre(kOne));
  Settle(kOne, 15);  // an answer that comes late
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
}

// What the database holds, and what a publisher that starts from it would leave out.
struct Stored {
  ShardPositions settled = All(0);
  std::map<DestinationId, std::map<LogShard, Position>> rows;
  std::set<DestinationId> counted;

  void Apply(const CursorUpdate& update) {
    for (std::size_t i = 0; i < settled.size(); ++i) {
      RC_ASSERT(update.settled[i] >= settled[i]);
    }
    settled = update.settled;
    for (const CursorRow& row : update.rows) {
      rows[row.destination][row.log_shard] = row.position;
    }
    for (const DestinationId id : update.joined) counted.insert(id);
  }

  Floors FloorsOf(DestinationId id, Position start) const {
    Floors floors{.start = start};
    if (counted.contains(id)) floors.settled = std::make_shared<const ShardPositions>(settled);
    if (const auto found = rows.find(id); found != rows.end()) {
      floors.rows.insert(found->second.begin(), found->second.end());
    }
    return floors;
  }
};

// A log of changes for two destinations, the second of which is learned late.
struct Log {
  struct Change {
    DestinationId destination;
    LogShard log_shard;
  };

  static Log Make() {
    Log log;
    for (Position position = 1; position <= kEnd; ++position) {
      log.changes[position] = {Pick(0, 2) == 0 ? kOne : kTwo,
                               LogShard(static_cast<std::uint8_t>(Pick(0, 3)))};
    }
    return log;
  }

  static Position StartOf(DestinationId id) { return id == kOne ? 0 : 4; }

  static constexpr Position kEnd = 40;
  std::map<Position, Change> changes;
  std::set<Position> settled;
};

// A publisher that reads the log, settles changes in random order, and stops at any time.
class Run {
 public:
  Run(Log& log, Stored& stored)
      : log_(log),
        stored_(stored),
        at_start_(stored),
        mark_(*std::min_element(stored.settled.begin(), stored.settled.end())),
        tracker_(stored.settled, mark_) {}

  void Learn(DestinationId id) {
    if (following_.contains(id)) return;
    Floors floors = at_start_.FloorsOf(id, Log::StartOf(id));
    const Position lowest = floors.Lowest();
    const bool live = lowest >= mark_;
    tracker_.Add(id, floors, live ? std::nullopt : std::optional(lowest));
    following_[id] = {std::move(floors), live ? mark_ : lowest};
  }

  // It is in the database, and not known to the publisher yet.
  void Hold(DestinationId id) {
    const Floors floors = at_start_.FloorsOf(id, 0);
    tracker_.Add(id, floors, floors.Lowest());
  }

  void ReadOn() {
    if (mark_ == Log::kEnd) return;
    ++mark_;
    for (auto& [id, destination] : following_) {
      if (destination.read != mark_ - 1) continue;
      Route(id, destination, mark_);
      destination.read = mark_;
    }
    tracker_.Read({}, mark_);
  }

  void CatchUp() {
    for (auto& [id, destination] : following_) {
      if (destination.read >= mark_) continue;
      Route(id, destination, ++destination.read);
      tracker_.CatchUp(id, destination.read);
      if (destination.read == mark_) tracker_.Join(id);
    }
  }

  void SettleOne() {
    if (on_their_way_.empty()) return;
    auto it = on_their_way_.begin();
    std::advance(it, Pick<std::size_t>(0, on_their_way_.size()));
    const CursorTracker::Place place{it->second, log_.changes.at(it->second).log_shard};
    tracker_.Settle(it->first, {&place, 1});
    log_.settled.insert(it->second);
    on_their_way_.erase(it);
  }

  void Store(bool commits) {
    tracker_.Emptied(Pick<Position>(0, Log::kEnd / 2));
    const auto update = tracker_.Take(Pick(0, 2) == 0 ? Shards::kAll : Shards::kDelivered);
    if (!update || !commits) return;
    stored_.Apply(*update);
    tracker_.Confirm(*update);
  }

  Position mark() const { return mark_; }

 private:
  struct Following {
    Floors floors;
    Position read = 0;
  };

  void Route(DestinationId id, const Following& destination, Position position) {
    const Log::Change& change = log_.changes.at(position);
    if (change.destination != id || position <= destination.floors.Of(change.log_shard)) return;
    on_their_way_.emplace(id, position);
    const CursorTracker::OnItsWay one{id, {position, change.log_shard}};
    tracker_.Read({&one, 1}, 0);
  }

  Log& log_;
  Stored& stored_;
  const Stored at_start_;
  Position mark_;
  CursorTracker tracker_;
  std::map<DestinationId, Following> following_;
  std::set<std::pair<DestinationId, Position>> on_their_way_;
};

// A publisher that starts now leaves out nothing that was not settled.
void CheckFloors(const Log& log, const Stored& stored) {
  for (const auto& [position, change] : log.changes) {
    const Position start = Log::StartOf(change.destination);
    if (log.settled.contains(position) || position <= start) continue;
    RC_ASSERT(position > stored.FloorsOf(change.destination, start).Of(change.log_shard));
  }
}

RC_GTEST_PROP(CursorTrackerPropertyTest, ARestartLeavesOutNothingThatWasNotSettled, ()) {
  Log log = Log::Make();
  Stored stored;
  const int runs = Pick(1, 6);
  for (int i = 0; i < runs; ++i) {
    Run run(log, stored);
    run.Learn(kOne);
    const Position learned_at = Pick<Position>(0, 30);
    if (stored.counted.contains(kTwo) || stored.rows.contains(kTwo)) run.Hold(kTwo);
    const int steps = Pick(0, 60);
    for (int step = 0; step < steps; ++step) {
      if (run.mark() >= learned_at) run.Learn(kTwo);
      switch (Pick(0, 4)) {
        case 0:
          run.ReadOn();
          break;
        case 1:
          run.CatchUp();
          break;
        case 2:
          run.SettleOne();
          break;
        default:
          run.Store(/*commits=*/Pick(0, 4) > 0);
      }
      CheckFloors(log, stored);
    }
  }
}

}  // namespace
}  // namespace tidemark::publisher
