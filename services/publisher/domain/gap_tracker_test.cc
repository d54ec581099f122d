#include "services/publisher/domain/gap_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);
constexpr absl::Duration kLong = absl::Milliseconds(50);

std::vector<PositionRange> See(GapTracker& tracker, std::vector<Position> positions, Xid xmin = 1,
                               bool complete = true) {
  return tracker.Apply({.positions = positions, .complete = complete, .xmin = xmin, .time = kNow});
}

TEST(GapTrackerTest, RemembersWhatIsMissingBelowTheHighestPosition) {
  GapTracker tracker(10);
  See(tracker, {11, 14, 15, 17});
  EXPECT_EQ(tracker.hi(), 17);
  EXPECT_EQ(tracker.read_mark(), 11);
  EXPECT_THAT(tracker.gaps(), ElementsAre(PositionRange{12, 13}, PositionRange{16, 16}));
  EXPECT_TRUE(tracker.InGap(13));
  EXPECT_FALSE(tracker.InGap(14));
}

TEST(GapTrackerTest, ARowInTheMiddleSplitsAGap) {
  GapTracker tracker(0);
  See(tracker, {9});
  See(tracker, {5});
  EXPECT_THAT(tracker.gaps(), ElementsAre(PositionRange{1, 4}, PositionRange{6, 8}));
  See(tracker, {1, 2, 3, 4, 6, 7, 8});
  EXPECT_THAT(tracker.gaps(), IsEmpty());
  EXPECT_EQ(tracker.read_mark(), 9);
}

TEST(GapTrackerTest, AGapDiesOnlyByAnXidTakenAfterItWasSeen) {
  GapTracker tracker(0);
  See(tracker, {2}, 50);
  tracker.AddProof(100);
  See(tracker, {4}, 99);  // opens a second gap, which that xid says nothing about
  EXPECT_THAT(See(tracker, {}, 99), IsEmpty());
  EXPECT_THAT(See(tracker, {}, 100), ElementsAre(PositionRange{1, 1}));
  EXPECT_THAT(See(tracker, {}, 1000), IsEmpty());
  tracker.AddProof(1000);
  EXPECT_THAT(See(tracker, {}, 1000), ElementsAre(PositionRange{3, 3}));
  EXPECT_EQ(tracker.read_mark(), 4);
}

TEST(GapTrackerTest, APollThatWasCutOffProvesNothingAboutWhatItDidNotReach) {
  GapTracker tracker(0);
  See(tracker, {3, 6});  // gaps 1-2 and 4-5
  tracker.AddProof(10);
  EXPECT_THAT(See(tracker, {1}, 10, /*complete=*/false), IsEmpty());
  EXPECT_THAT(See(tracker, {2}, 10, /*complete=*/false), IsEmpty());
  EXPECT_THAT(See(tracker, {4}, 10), ElementsAre(PositionRange{5, 5}));
}

TEST(GapTrackerTest, AsksForProofOnlyOfGapsThatStayOpen) {
  GapTracker tracker(0);
  See(tracker, {3});
  EXPECT_FALSE(tracker.WantsProof(kNow));
  See(tracker, {1});
  EXPECT_FALSE(tracker.WantsProof(kNow + kLong - absl::Nanoseconds(1)));
  EXPECT_TRUE(tracker.WantsProof(kNow + kLong)) << "what is left of it is as old";
  tracker.AddProof(7);
  EXPECT_FALSE(tracker.WantsProof(kNow + absl::Hours(1)));
}

TEST(GapTrackerTest, AProofThatIsForgottenIsAskedForAgain) {
  GapTracker tracker(0);
  See(tracker, {2});
  tracker.AddProof(1'000'000'000);  // of a server whose xids were far ahead
  tracker.ForgetProofs();
  EXPECT_THAT(See(tracker, {}, 1'000'000'000), IsEmpty());
  EXPECT_TRUE(tracker.WantsProof(kNow + kLong));
  tracker.AddProof(5);
  EXPECT_THAT(See(tracker, {}, 5), ElementsAre(PositionRange{1, 1}));
}

// A database as far as the log is concerned: transactions take an xid, then the lock of a dataset,
// then positions, and end in any order.
class SimulatedLog {
 public:
  struct Transaction {
    Xid xid;
    std::map<Position, int> rows;  // position -> dataset
  };

  void Begin() { open_.push_back({next_xid_++, {}}); }

  // Logs a change; in a dataset that another transaction holds, nothing happens: it waits.
  void Write(std::size_t pick, int dataset) {
    if (open_.empty()) return;
    Transaction& writer = open_[pick % open_.size()];
    for (const Transaction& other : open_) {
      if (&other != &writer && Holds(other, dataset)) return;
    }
    writer.rows.emplace(next_position_++, dataset);
  }

  void End(std::size_t pick, bool commit) {
    if (open_.empty()) return;
    const auto it = open_.begin() + static_cast<std::ptrdiff_t>(pick % open_.size());
    if (commit) visible_.insert(it->rows.begin(), it->rows.end());
    open_.erase(it);
  }

  Xid TakeXid() { return next_xid_++; }
  Xid Xmin() const {
    Xid xmin = next_xid_;
    for (const Transaction& transaction : open_) xmin = std::min(xmin, transaction.xid);
    return xmin;
  }
  const std::map<Position, int>& visible() const { return visible_; }
  bool MayAppear(Position position) const {
    return std::any_of(open_.begin(), open_.end(), [position](const Transaction& transaction) {
      return transaction.rows.contains(position);
    });
  }
  Position end() const { return next_position_; }
  void EndAll() {
    while (!open_.empty()) End(0, open_.size() % 2 == 0);
  }

 private:
  static bool Holds(const Transaction& transaction, int dataset) {
    return std::any_of(transaction.rows.begin(), transaction.rows.end(),
                       [dataset](const auto& row) { return row.second == dataset; });
  }

  Xid next_xid_ = 3;
  Position next_position_ = 1;
  std::vector<Transaction> open_;
  std::map<Position, int> visible_;
};

// A reader of the simulated log that checks what it is told.
class Reader {
 public:
  Reader(const SimulatedLog& log, Position start) : log_(log), tracker_(start) {}

  void Poll(std::size_t limit) {
    std::vector<Position> found;
    bool complete = true;
    for (const auto& [position, dataset] : log_.visible()) {
      if (position <= tracker_.hi() && !tracker_.InGap(position)) continue;
      if (found.size() == limit) {
        complete = false;
        break;
      }
      found.push_back(position);
    }
    for (const Position position : found) Deliver(position);
    for (const PositionRange& dead :
         tracker_.Apply({.positions = found, .complete = complete, .xmin = log_.Xmin()})) {
      for (Position position = dead.first; position <= dead.last; ++position) {
        RC_ASSERT(!log_.MayAppear(position));
        RC_ASSERT((!log_.visible().contains(position) || delivered_.contains(position)));
      }
    }
    for (const auto& [position, dataset] : log_.visible()) {
      if (position <= tracker_.read_mark() && position > start_) {
        RC_ASSERT(delivered_.contains(position));
      }
    }
    for (Position position = start_ + 1; position <= tracker_.read_mark(); ++position) {
      RC_ASSERT(!log_.MayAppear(position));
    }
  }

  void Deliver(Position position) {
    RC_ASSERT(delivered_.insert(position).second);  // no repeats
    Position& last = last_of_dataset_[log_.visible().at(position)];
    RC_ASSERT(last < position);  // in order
    last = position;
  }

  GapTracker& tracker() { return tracker_; }
  const std::set<Position>& delivered() const { return delivered_; }

 private:
  const SimulatedLog& log_;
  GapTracker tracker_;
  const Position start_ = tracker_.hi();
  std::set<Position> delivered_;
  std::map<int, Position> last_of_dataset_;
};

// One random step of writers and reader.
void Step(SimulatedLog& log, Reader& reader) {
  const auto pick = Pick<std::size_t>(0, 1000);
  switch (
      *rc::gen::weightedElement<int>({{6, 0}, {16, 1}, {4, 2}, {2, 3}, {8, 4}, {2, 5}, {1, 6}})) {
    case 0:
      return log.Begin();
    case 1:
      return log.Write(pick, static_cast<int>(pick % 3));
    case 2:
      return log.End(pick, /*commit=*/true);
    case 3:
      return log.End(pick, /*commit=*/false);
    case 4:
      return reader.Poll(1 + pick % 4);
    case 5:
      return reader.tracker().ForgetProofs();
    default:
      return reader.tracker().AddProof(log.TakeXid());
  }
}

// Ends all transactions and reads the rest.
void Drain(SimulatedLog& log, Reader& reader) {
  log.EndAll();
  for (Position i = 0; i < log.end() + 1; ++i) reader.Poll(2);
  reader.tracker().AddProof(log.TakeXid());
  reader.Poll(2);
  RC_ASSERT(reader.tracker().gap_count() == 0U);
  RC_ASSERT(reader.tracker().read_mark() == reader.tracker().hi());
}

RC_GTEST_PROP(GapTrackerPropertyTest, LosesNothingRepeatsNothingKeepsTheOrderOfADataset, ()) {
  SimulatedLog log;
  Reader reader(log, 0);
  const int steps = Pick(0, 120);
  for (int i = 0; i < steps; ++i) Step(log, reader);
  Drain(log, reader);
  for (const auto& [position, dataset] : log.visible()) {
    RC_ASSERT(reader.delivered().contains(position));
  }
}

RC_GTEST_PROP(GapTrackerPropertyTest, ARestartAtTheReadMarkLosesNothing, ()) {
  SimulatedLog log;
  std::set<Position> delivered;
  auto reader = std::make_optional<Reader>(log, 0);
  const int restarts = Pick(1, 5);
  for (int restart = 0; restart < restarts; ++restart) {
    const int steps = Pick(0, 40);
    for (int i = 0; i < steps; ++i) Step(log, *reader);
    delivered.insert(reader->delivered().begin(), reader->delivered().end());
    reader.emplace(log, reader->tracker().read_mark());
  }
  Drain(log, *reader);
  delivered.insert(reader->delivered().begin(), reader->delivered().end());
  for (const auto& [position, dataset] : log.visible()) RC_ASSERT(delivered.contains(position));
}

}  // namespace
}  // namespace tidemark::publisher
