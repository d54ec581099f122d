#include "services/publisher/domain/bulk_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Numbers = std::vector<std::optional<BulkWalk::Number>>;

SnapshotPlace At(std::int64_t owner, std::string name = "d") { return {owner, "i", name}; }
LogShard Shard(int number) { return LogShard(static_cast<std::uint8_t>(number)); }

TEST(BulkWalkTest, WhatIsStoredNeverPassesADatasetThatHasNotEnded) {
  BulkWalk walk({Shard(1), Shard(2)}, {});
  EXPECT_EQ(walk.next(), SnapshotPlace{});
  const std::vector<SnapshotPlace> page = {At(1, "a"), At(1, "b"), At(2, "a")};
  const Numbers numbers = walk.Read(page, At(2, "a"));
  walk.End(*numbers[1], {.bytes = 10});
  walk.End(*numbers[2], {.bytes = 100});
  EXPECT_THAT(walk.TakeChanged(), IsEmpty()) << "the first is on its way";
  walk.End(*numbers[0], {.bytes = 1});
  const auto changed = walk.TakeChanged();
  ASSERT_THAT(changed, SizeIs(2));
  EXPECT_EQ(changed[0].second.place, At(1, "b"));
  EXPECT_EQ(changed[0].second.counts, (BulkCounts{2, 0, 11}));
  EXPECT_EQ(changed[1].second.counts, (BulkCounts{1, 0, 100}));
  EXPECT_FALSE(walk.done());
  EXPECT_THAT(walk.TakeChanged(), IsEmpty());
}

TEST(BulkWalkTest, BeginsAtTheShardThatIsLeastFarAndLeavesOutWhatIsDone) {
  BulkWalk walk({Shard(1), Shard(2), Shard(3)}, {{Shard(1), {.place = At(257)}},
                                                 {Shard(2), {.place = At(2)}},
                                                 {Shard(3), {.place = At(3), .done = true}}});
  EXPECT_EQ(walk.next(), At(2));
  EXPECT_THAT(walk.ShardsToRead(), ElementsAre(Shard(1), Shard(2)));
  const std::vector<SnapshotPlace> page = {At(3, "x"), At(257), At(258), At(513)};
  const Numbers numbers = walk.Read(page, std::nullopt);
  EXPECT_FALSE(numbers[0]) << "of a shard that is done";
  EXPECT_FALSE(numbers[1]) << "dealt with before";
  EXPECT_TRUE(numbers[2] && numbers[3]);
}

TEST(BulkWalkTest, IsDoneOnceAllWasReadAndHasEnded) {
  BulkWalk walk({Shard(1), Shard(2)}, {});
  const std::vector<SnapshotPlace> page = {At(1)};
  const Numbers numbers = walk.Read(page, std::nullopt);
  EXPECT_FALSE(walk.done());
  walk.End(*numbers[0], {});
  EXPECT_TRUE(walk.done());
  const auto changed = walk.TakeChanged();
  ASSERT_THAT(changed, SizeIs(2)) << "shards without datasets are done too";
  EXPECT_TRUE(changed[0].second.done && changed[1].second.done);
  EXPECT_EQ(walk.open(), 0U);
}

TEST(BulkWalkTest, AnEmptyPoolIsDoneAtOnceAndWhatWasDoneStaysSo) {
  BulkWalk walk({Shard(1)}, {});
  walk.Read({}, std::nullopt);
  EXPECT_TRUE(walk.done());
  BulkWalk again({Shard(1)}, {{Shard(1), {.done = true}}});
  EXPECT_TRUE(again.done());
  EXPECT_THAT(again.TakeChanged(), IsEmpty());
}

TEST(BulkWalkTest, ARefusedDatasetIsCountedAndNamed) {
  BulkWalk walk({Shard(1)}, {});
  const std::vector<SnapshotPlace> page = {At(1, "bad")};
  walk.End(*walk.Read(page, std::nullopt)[0], {.error = "too large"});
  const BulkShard shard = walk.TakeChanged().at(0).second;
  EXPECT_EQ(shard.counts, (BulkCounts{1, 1, 0}));
  EXPECT_EQ(shard.failure, (BulkFailure{"i", "bad", "too large"}));
}

// However often a walk is broken off, with its shards among several holders, every dataset ends at
// least once, and is counted once.
RC_GTEST_PROP(BulkWalkPropertyTest, ResumedAnywhereEveryDatasetIsCountedOnce, ()) {
  std::vector<SnapshotPlace> datasets;
  for (int i = Pick(0, 30); i > 0; --i) {
    datasets.push_back(
        At(Pick<std::int64_t>(-3, 4) * 256 + Pick(0, 4), std::string(1, 'a' + i % 3)));
  }
  std::sort(datasets.begin(), datasets.end());
  datasets.erase(std::unique(datasets.begin(), datasets.end()), datasets.end());
  std::map<LogShard, BulkShard> stored;
  std::vector<SnapshotPlace> ended;
  const auto all_done = [&stored] {
    return stored.size() == 4 && std::all_of(stored.begin(), stored.end(),
                                             [](const auto& entry) { return entry.second.done; });
  };
  for (int life = 0; !all_done(); ++life) {
    RC_ASSERT(life < 1000);
    std::vector<LogShard> held;
    for (int shard = 0; shard < 4; ++shard) {
      if (Pick(0, 2) == 0) held.push_back(Shard(shard));
    }
    if (held.empty()) continue;
    BulkWalk walk(held, stored);
    std::vector<std::pair<BulkWalk::Number, SnapshotPlace>> open;
    for (int steps = Pick(0, 40); steps > 0; --steps) {
      if (walk.next() && Pick(0, 2) == 0) {
        const std::vector<LogShard> shards = walk.ShardsToRead();
        std::vector<SnapshotPlace> page;
        std::optional<SnapshotPlace> next;
        const std::size_t size = Pick<std::size_t>(1, 5);
        for (const SnapshotPlace& dataset : datasets) {
          if (dataset <= *walk.next() || std::ranges::count(shards, dataset.log_shard()) == 0) {
            continue;
          }
          if (page.size() == size) {
            next = page.back();
            break;
          }
          page.push_back(dataset);
        }
        const Numbers numbers = walk.Read(page, next);
        for (std::size_t i = 0; i < page.size(); ++i) {
          if (numbers[i]) open.emplace_back(*numbers[i], page[i]);
        }
      } else if (!open.empty()) {
        const auto it = open.begin() + Pick<std::ptrdiff_t>(0, open.size());
        walk.End(it->first, {.bytes = 1});
        ended.push_back(it->second);
        open.erase(it);
      }
      if (Pick(0, 3) == 0) {
        for (auto& [shard, row] : walk.TakeChanged()) stored[shard] = row;
      }
    }
    // Broken off: what was not taken is lost.
  }
  std::sort(ended.begin(), ended.end());
  RC_ASSERT(std::includes(ended.begin(), ended.end(), datasets.begin(), datasets.end()));
  std::int64_t counted = 0;
  for (const auto& [shard, row] : stored) counted += row.counts.datasets;
  RC_ASSERT(counted == static_cast<std::int64_t>(datasets.size()));
}

}  // namespace
}  // namespace tidemark::publisher
