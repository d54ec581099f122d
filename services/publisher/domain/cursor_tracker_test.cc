#include "services/publisher/domain/cursor_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Shards = CursorTracker::Shards;
using Known = CursorTracker::Known;

constexpr DestinationId kOne{1, 1};
constexpr DestinationId kTwo{2, 1};
constexpr LogShard kShard(3);
const ShardSet kAll = ShardSet().set();

ShardPositions All(Position position) {
  ShardPositions positions;
  positions.fill(position);
  return positions;
}

// Floors of a destination that counts everywhere, with everything up to `position` settled.
Floors Counted(Position position) {
  return {.settled = std::make_shared<const ShardPositions>(All(position)), .counted = kAll};
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

  CursorTracker tracker_{kAll, All(10), 10};
};

TEST_F(CursorTrackerTest, WithoutDestinationsEverythingReadIsSettled) {
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
  tracker_.Read({}, 20);
  EXPECT_THAT(Store().settled, Each(20));
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
}

TEST_F(CursorTrackerTest, AChangeOnItsWayHoldsUpItsShardAlone) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  Read(kOne, 15, 20);
  const CursorUpdate update = Store();
  EXPECT_EQ(update.settled[kShard.value()], 14);
  EXPECT_EQ(update.settled[0], 20);
  EXPECT_EQ(tracker_.size(), 1);
  Settle(kOne, 15);
  EXPECT_THAT(Store().settled, Each(20));
  EXPECT_EQ(tracker_.size(), 0);
}

TEST_F(CursorTrackerTest, ShardsWithoutDeliveriesMayBeLeftForLater) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
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
  EXPECT_THAT(Store().settled, Each(20));
}

TEST_F(CursorTrackerTest, ChangesMaySettleAndBeReadInAnyOrder) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  Read(kOne, 15, 10);
  Read(kOne, 13, 12);  // filled a gap
  Settle(kOne, 15);
  EXPECT_EQ(Store().settled[kShard.value()], 12);
  Settle(kOne, 13);
  Read(kOne, 16, 16);
  EXPECT_EQ(Store().settled[kShard.value()], 15);
}

TEST_F(CursorTrackerTest, WhatIsSettledBehindASlowChangeTakesNoMemory) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
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
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  tracker_.Add(kTwo, Counted(10), std::nullopt, Known::kYes);
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
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  tracker_.Add(kTwo, Counted(10), std::nullopt, Known::kYes);
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
  tracker_.Add(kOne, {.start = 10}, std::nullopt, Known::kNo);
  tracker_.Read({}, 20);
  for (int i = 0; i < 2; ++i) {
    const auto update = tracker_.Take(Shards::kAll);
    ASSERT_TRUE(update.has_value());
    EXPECT_THAT(update->settled, Each(20));
    EXPECT_THAT(update->added, ElementsAre(std::pair(kOne, 10)));
    EXPECT_THAT(update->joined, ElementsAre(Counting{kOne, kAll}));
  }
  Store();
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value());
}

TEST_F(CursorTrackerTest, ALateDestinationCountsOnceItHasCaughtUp) {
  tracker_.Read({}, 20);
  Store();
  tracker_.Add(kOne, {.start = 5}, 5, Known::kNo);
  EXPECT_THAT(Store().added, ElementsAre(std::pair(kOne, 5)));
  Read(kOne, 8, 20);
  tracker_.CatchUp(kOne, 20);
  tracker_.Join(kOne);
  const CursorUpdate first = Store();
  EXPECT_THAT(first.settled, Each(20)) << "settled positions never go back";
  EXPECT_THAT(first.joined, ElementsAre(Counting{kOne, ShardSet(kAll).reset(kShard.value())}));
  Settle(kOne, 8);
  EXPECT_THAT(Store().joined, ElementsAre(Counting{kOne, ShardSet().set(kShard.value())}));
}

TEST_F(CursorTrackerTest, ALateDestinationKeepsWhereItIsWhileItCatchesUp) {
  tracker_.Read({}, 20);
  Store();
  tracker_.Add(kOne, {.start = 5}, 5, Known::kNo);
  Read(kOne, 7, 20);
  tracker_.CatchUp(kOne, 9);
  Settle(kOne, 7);
  const CursorUpdate update = Store();
  EXPECT_EQ(update.rows.size(), 256U);
  for (const CursorRow& row : update.rows) EXPECT_EQ(row.position, 9);
  EXPECT_THAT(update.joined, IsEmpty());
  EXPECT_FALSE(tracker_.Take(Shards::kAll).has_value()) << "once";
}

TEST_F(CursorTrackerTest, OneThatIsApartHoldsUpNothingAndKeepsWhereItIs) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  Read(kOne, 15, 20);
  EXPECT_EQ(Store().settled[kShard.value()], 14);
  tracker_.Part(kOne);
  const CursorUpdate left = Store();
  EXPECT_EQ(left.settled[kShard.value()], 14) << "until it is known to be apart";
  EXPECT_THAT(left.left, ElementsAre(Counting{kOne, kAll}));
  EXPECT_EQ(left.rows.size(), 256U);
  EXPECT_EQ(left.rows[kShard.value()], (CursorRow{kOne, kShard, 14}));
  tracker_.Read({}, 30);
  EXPECT_THAT(Store().settled, Each(30));
  Settle(kOne, 15);
  tracker_.Join(kOne);
  EXPECT_THAT(Store().joined, ElementsAre(Counting{kOne, kAll}));
}

TEST_F(CursorTrackerTest, ManyThatAreApartHaveTheirCursorsStoredByTurns) {
  constexpr std::int32_t kMany = 40;
  for (std::int32_t pool = 1; pool <= kMany; ++pool) {
    tracker_.Add({pool, 1}, {.start = 10}, 10, Known::kYes);
  }
  std::set<DestinationId> stored;
  Position position = 10;
  for (int take = 0; take < 4; ++take) {
    ++position;
    for (std::int32_t pool = 1; pool <= kMany; ++pool) tracker_.CatchUp({pool, 1}, position);
    tracker_.Read({}, position);
    const CursorUpdate update = Store();
    EXPECT_LT(update.rows.size(), 5000U);
    for (const CursorRow& row : update.rows) stored.insert(row.destination);
  }
  EXPECT_EQ(stored.size(), static_cast<std::size_t>(kMany));
}

TEST_F(CursorTrackerTest, WhereADestinationCountsIsStoredHoweverManyCursorsThereAre) {
  constexpr std::int32_t kMany = 40;
  for (std::int32_t pool = 1; pool <= kMany; ++pool) {
    tracker_.Add({pool, 1}, {.start = 10}, 11, Known::kYes);
  }
  const DestinationId last{kMany + 1, 1};
  tracker_.Add(last, {.start = 10}, std::nullopt, Known::kNo);
  const DestinationId retired{kMany + 2, 1};
  tracker_.Add(retired, Counted(10), std::nullopt, Known::kYes);
  tracker_.Retire(retired, CursorTracker::Backlog::kFreed);
  tracker_.Read({}, 11);
  const CursorUpdate update = Store();
  EXPECT_GE(update.rows.size(), 4096U);
  ASSERT_EQ(update.added.size(), 1U);
  EXPECT_EQ(update.added[0].first, last);
  EXPECT_THAT(update.joined, ElementsAre(Counting{last, kAll}));
  EXPECT_THAT(update.left, ElementsAre(Counting{retired, kAll}));
  EXPECT_THAT(update.retired, ElementsAre(retired));
}

TEST_F(CursorTrackerTest, WhatIsSplitOffIsReadAgainFromThere) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  for (Position position = 11; position <= 20; ++position) Read(kOne, position, position);
  Settle(kOne, 12);
  tracker_.SplitOff(kOne, 14);
  EXPECT_EQ(tracker_.size(), 3) << "11, 13 and 14";
  Store();
  tracker_.Read({}, 40);
  EXPECT_THAT(Store().settled, Each(40));
  for (const Position position : {11, 13, 14}) Settle(kOne, position);
  EXPECT_EQ(tracker_.Cursors(kOne)[kShard.value()], 14);
  EXPECT_EQ(tracker_.OldestOnItsWay(kOne), std::nullopt);
}

TEST_F(CursorTrackerTest, OneThatRetiresHoldsUpNothingOnceItsCursorsAreStored) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  Read(kOne, 15, 20);
  tracker_.Retire(kOne, CursorTracker::Backlog::kFreed);
  const CursorUpdate update = Store();
  EXPECT_EQ(update.settled[kShard.value()], 14);
  EXPECT_THAT(update.retired, ElementsAre(kOne));
  EXPECT_THAT(update.left, ElementsAre(Counting{kOne, kAll}));
  EXPECT_EQ(update.rows[kShard.value()], (CursorRow{kOne, kShard, 14}));
  tracker_.Read({}, 30);
  EXPECT_THAT(Store().settled, Each(30));
}

TEST_F(CursorTrackerTest, OneThatRetiresMayHaveTheLogKeptForIt) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
  Read(kOne, 15, 20);
  tracker_.Retire(kOne, CursorTracker::Backlog::kKept);
  const CursorUpdate update = Store();
  EXPECT_THAT(update.resting, ElementsAre(kOne));
  EXPECT_THAT(update.retired, IsEmpty());
  EXPECT_THAT(update.left, ElementsAre(Counting{kOne, kAll}));
  EXPECT_EQ(update.rows[kShard.value()], (CursorRow{kOne, kShard, 14}));
  tracker_.Read({}, 30);
  const CursorUpdate after = Store();
  EXPECT_THAT(after.settled, Each(30));
  EXPECT_THAT(after.rows, IsEmpty()) << "it is forgotten here";
}

TEST_F(CursorTrackerTest, OneThatIsHeldHoldsUpTheShardsInWhichItCounts) {
  Floors floors = Counted(10);
  floors.counted = ShardSet().set(kShard.value());
  tracker_.Hold(kOne, floors);
  tracker_.Read({}, 20);
  const CursorUpdate update = Store();
  EXPECT_EQ(update.settled[kShard.value()], 10);
  EXPECT_EQ(update.settled[0], 20);
}

TEST_F(CursorTrackerTest, OneThatIsHeldCountsAtEveryMoment) {
  tracker_.Hold(kOne, Counted(10));
  std::atomic<bool> over = false;
  std::thread holds([&] {
    while (!over) tracker_.Hold(kOne, Counted(10));
  });
  bool left = false;
  for (int i = 0; i < 5'000; ++i) {
    const auto update = tracker_.Take(Shards::kAll);
    left = left || (update && !update->left.empty());
  }
  over = true;
  holds.join();
  EXPECT_FALSE(left) << "the database was told that it counts no more";
}

TEST_F(CursorTrackerTest, ShardsThatAreNotHeldAreLeftAlone) {
  const ShardSet held = ShardSet().set(kShard.value()).set(9);
  CursorTracker tracker(held, All(10), 10);
  tracker.Add(kOne, {.start = 10}, std::nullopt, Known::kNo);
  tracker.Read({}, 20);
  const auto update = tracker.Take(Shards::kAll);
  ASSERT_TRUE(update.has_value());
  for (std::size_t i = 0; i < held.size(); ++i) EXPECT_EQ(update->settled[i], held[i] ? 20 : 0);
  EXPECT_THAT(update->joined, ElementsAre(Counting{kOne, held}));
  tracker.Part(kOne);
  tracker.Confirm(*update);
  const auto left = tracker.Take(Shards::kAll);
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(left->rows.size(), 2U);
}

TEST_F(CursorTrackerTest, ARemovedDestinationHoldsUpNothing) {
  tracker_.Add(kOne, Counted(10), std::nullopt, Known::kYes);
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
  std::map<DestinationId, ShardSet> counted;
  std::set<DestinationId> known;

  void Apply(const CursorUpdate& update) {
    for (std::size_t i = 0; i < settled.size(); ++i) {
      settled[i] = std::max(settled[i], update.settled[i]);
    }
    for (const auto& [id, start] : update.added) known.insert(id);
    for (const CursorRow& row : update.rows) {
      Position& position = rows[row.destination][row.log_shard];
      position = std::max(position, row.position);
    }
    for (const auto& [id, shards] : update.joined) counted[id] |= shards;
    for (const auto& [id, shards] : update.left) counted[id] &= ~shards;
  }

  Floors FloorsOf(DestinationId id, Position start) const {
    Floors floors{.start = start};
    floors.settled = std::make_shared<const ShardPositions>(settled);
    if (const auto found = counted.find(id); found != counted.end()) floors.counted = found->second;
    if (const auto found = rows.find(id); found != rows.end()) {
      floors.rows.insert(found->second.begin(), found->second.end());
    }
    return floors;
  }
};

// A log of changes for two destinations, the second of which is learned late.
struct Log {
  static constexpr Position kEnd = 40;
  static constexpr int kShards = 3;

  struct Change {
    DestinationId destination;
    LogShard log_shard;
  };

  static Log Make() {
    Log log;
    for (Position position = 1; position <= kEnd; ++position) {
      log.changes[position] = {Pick(0, 2) == 0 ? kOne : kTwo,
                               LogShard(static_cast<std::uint8_t>(Pick(0, kShards)))};
    }
    return log;
  }

  static Position StartOf(DestinationId id) { return id == kOne ? 0 : 4; }

  std::map<Position, Change> changes;
  std::set<Position> settled;
};

Position LeastOf(const ShardPositions& positions, const ShardSet& held) {
  Position least = Log::kEnd;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (held[i]) least = std::min(least, positions[i]);
  }
  return least;
}

// A publisher that holds some of the shards, reads the log, settles changes in random order, splits
// destinations off and turns them off and on, and stops at any time.
class Run {
 public:
  Run(Log& log, Stored& stored, const ShardSet& held)
      : log_(log),
        stored_(stored),
        at_start_(stored),
        held_(held),
        mark_(LeastOf(stored.settled, held)),
        tracker_(held, stored.settled, mark_) {}

  void Learn(DestinationId id) {
    if (!following_.contains(id)) Follow(id, FloorsAtStart(id, Log::StartOf(id)));
  }

  // It is in the database, and not known to the publisher yet.
  void Hold(DestinationId id) { tracker_.Hold(id, FloorsAtStart(id, 0)); }

  void ReadOn() {
    if (mark_ == Log::kEnd) return;
    ++mark_;
    for (auto& [id, destination] : following_) {
      if (!destination.live) continue;
      Route(id, destination, mark_);
      destination.read = mark_;
    }
    tracker_.Read({}, mark_);
  }

  void CatchUp() {
    for (auto& [id, destination] : following_) {
      if (destination.live) continue;
      if (destination.read < mark_) Route(id, destination, ++destination.read);
      tracker_.CatchUp(id, destination.read);
      destination.live = destination.read == mark_;
      if (destination.live) tracker_.Join(id);
    }
  }

  void SettleOne() {
    if (on_their_way_.empty()) return;
    auto it = on_their_way_.begin();
    std::advance(it, Pick<std::size_t>(0, on_their_way_.size()));
    const CursorTracker::Place place{it->second, log_.changes.at(it->second).log_shard};
    tracker_.Settle(it->first, {&place, 1});
    log_.settled.insert(it->second);
    sent_[it->first] = std::max(sent_[it->first], it->second);
    on_their_way_.erase(it);
  }

  // Drops what was not sent.
  void SplitOff() {
    const DestinationId id = Pick(0, 2) == 0 ? kOne : kTwo;
    const auto it = following_.find(id);
    if (it == following_.end() || !it->second.live) return;
    it->second.live = false;
    it->second.read = std::min(it->second.read, std::max(sent_[id], LowestFloor(id)));
    tracker_.SplitOff(id, it->second.read);
    std::erase_if(on_their_way_, [&](const auto& on_its_way) {
      return on_its_way.first == id && on_its_way.second > it->second.read;
    });
  }

  void PartOrJoin() {
    const DestinationId id = Pick(0, 2) == 0 ? kOne : kTwo;
    const auto it = following_.find(id);
    if (it == following_.end() || !it->second.live) return;
    if (Pick(0, 2) == 0) {
      tracker_.Part(id);
    } else {
      tracker_.Join(id);
    }
  }

  // Off, and perhaps on again at once.
  void TurnOff(bool on_again) {
    const auto it = following_.find(kOne);
    if (it == following_.end()) return;
    Floors floors{.start = 0};
    const ShardPositions cursors = tracker_.Cursors(kOne);
    for (std::size_t i = 0; i < Log::kShards; ++i) {
      if (held_[i]) floors.rows[LogShard(static_cast<std::uint8_t>(i))] = cursors[i];
    }
    following_.erase(it);
    std::erase_if(on_their_way_, [](const auto& change) { return change.first == kOne; });
    tracker_.Retire(kOne, CursorTracker::Backlog::kFreed);
    sent_.erase(kOne);  // some of it may be sent again
    if (on_again) Follow(kOne, floors);
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
    bool live = true;
    Position read = 0;
  };

  Floors FloorsAtStart(DestinationId id, Position start) const {
    Floors floors = at_start_.FloorsOf(id, start);
    floors.counted &= held_;
    return floors;
  }

  Position LowestFloor(DestinationId id) const { return following_.at(id).floors.Lowest(held_); }

  void Follow(DestinationId id, Floors floors) {
    const Position lowest = floors.Lowest(held_);
    const bool live = lowest >= mark_;
    tracker_.Add(id, floors, live ? std::nullopt : std::optional(lowest), Known::kNo);
    following_[id] = {std::move(floors), live, live ? mark_ : lowest};
  }

  void Route(DestinationId id, const Following& destination, Position position) {
    const Log::Change& change = log_.changes.at(position);
    if (change.destination != id || !held_[change.log_shard.value()]) return;
    if (position <= destination.floors.Of(change.log_shard)) return;
    // What is read again after splitting off was not sent.
    const auto sent = sent_.find(id);
    if (sent != sent_.end() && log_.settled.contains(position)) RC_ASSERT(position > sent->second);
    on_their_way_.emplace(id, position);
    const CursorTracker::OnItsWay one{id, {position, change.log_shard}};
    tracker_.Read({&one, 1}, 0);
  }

  Log& log_;
  Stored& stored_;
  const Stored at_start_;
  const ShardSet held_;
  Position mark_;
  CursorTracker tracker_;
  std::map<DestinationId, Following> following_;
  std::map<DestinationId, Position> sent_;
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

void Step(Run& run) {
  switch (Pick(0, 9)) {
    case 0:
    case 1:
      return run.ReadOn();
    case 2:
      return run.CatchUp();
    case 3:
    case 4:
      return run.SettleOne();
    case 5:
      return run.SplitOff();
    case 6:
      return run.PartOrJoin();
    case 7:
      return run.TurnOff(/*on_again=*/Pick(0, 4) > 0);
    default:
      return run.Store(/*commits=*/Pick(0, 4) > 0);
  }
}

RC_GTEST_PROP(CursorTrackerPropertyTest, ARestartLeavesOutNothingThatWasNotSettled, ()) {
  Log log = Log::Make();
  Stored stored;
  const int runs = Pick(1, 6);
  for (int i = 0; i < runs; ++i) {
    ShardSet held;
    for (std::size_t shard = 0; shard < Log::kShards; ++shard) held[shard] = Pick(0, 3) > 0;
    if (held.none()) continue;
    Run run(log, stored, held);
    run.Learn(kOne);
    const Position learned_at = Pick<Position>(0, 30);
    if (stored.known.contains(kTwo)) run.Hold(kTwo);
    const int steps = Pick(0, 80);
    for (int step = 0; step < steps; ++step) {
      if (run.mark() >= learned_at) run.Learn(kTwo);
      Step(run);
      CheckFloors(log, stored);
    }
  }
}

}  // namespace
}  // namespace tidemark::publisher
