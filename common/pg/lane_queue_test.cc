#include "common/pg/lane_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace tidemark::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Names = std::vector<std::string>;

absl::Time At(int second) { return absl::FromUnixSeconds(second); }

// A job is a name whose first letter is its pool's and whose second is its key's.
bool Push(LaneQueue<std::string>& queue, std::string name, std::int64_t weight = 1,
          absl::Time deadline = absl::InfiniteFuture()) {
  return queue.Push({name.substr(0, 1), name.substr(1, 1), weight, 10, 10, deadline}, name);
}

Names Take(LaneQueue<std::string>& queue) {
  Names batch, expired;
  queue.Take(At(0), batch, expired);
  EXPECT_THAT(expired, IsEmpty());
  return batch;
}

TEST(LaneQueueTest, PoolsTakeTurns) {
  LaneQueue<std::string> queue({.batch_jobs = 4});
  for (const char* name : {"Aa", "Ab", "Ac", "Ad", "Ae", "Ba", "Bb", "Ca"}) Push(queue, name);
  EXPECT_THAT(Take(queue), ElementsAre("Aa", "Ba", "Ca", "Ab"));
  EXPECT_THAT(Take(queue), ElementsAre("Bb", "Ac", "Ad", "Ae"));
  EXPECT_EQ(queue.size(), 0u);
}

TEST(LaneQueueTest, ANewPoolWaitsForNoMoreThanATurnOfEachOther) {
  LaneQueue<std::string> queue({.batch_jobs = 2});
  for (char key = 'a'; key <= 'z'; ++key) Push(queue, std::string("A") + key);
  Push(queue, "Ba");
  EXPECT_THAT(Take(queue), ElementsAre("Aa", "Ba"));
  Push(queue, "Ca");
  EXPECT_THAT(Take(queue), ElementsAre("Ab", "Ca"));
}

TEST(LaneQueueTest, ABatchHasOneJobOfAKeyAndKeysKeepTheirOrder) {
  LaneQueue<std::string> queue({});
  for (const char* name : {"Aa1", "Aa2", "Ab1", "Aa3", "Ba1", "Ba2"}) Push(queue, name);
  EXPECT_THAT(Take(queue), ElementsAre("Aa1", "Ba1", "Ab1"));
  EXPECT_THAT(Take(queue), UnorderedElementsAre("Aa2", "Ba2"));
  EXPECT_THAT(Take(queue), ElementsAre("Aa3"));
}

TEST(LaneQueueTest, TheSameKeyInTwoPoolsIsTwoKeys) {
  LaneQueue<std::string> queue({});
  Push(queue, "Aa");
  Push(queue, "Ba");
  EXPECT_THAT(Take(queue), ElementsAre("Aa", "Ba"));
}

TEST(LaneQueueTest, AHotKeyDelaysNoOtherOfItsPool) {
  LaneQueue<std::string> queue({.batch_jobs = 2});
  for (const char* name : {"Aa1", "Aa2", "Aa3", "Aa4", "Ab1"}) Push(queue, name);
  EXPECT_THAT(Take(queue), ElementsAre("Aa1", "Ab1"));
}

TEST(LaneQueueTest, ABatchStaysWithinItsWeightAndTheNextBeginsWhereItEnded) {
  LaneQueue<std::string> queue({.batch_weight = 10});
  Push(queue, "Aa", 6);
  Push(queue, "Ba", 6);
  Push(queue, "Ca", 1);
  EXPECT_THAT(Take(queue), ElementsAre("Aa"));
  EXPECT_THAT(Take(queue), ElementsAre("Ba", "Ca"));
}

TEST(LaneQueueTest, ABatchStaysWithinItsBytes) {
  LaneQueue<std::string> queue({.batch_bytes = 25});
  for (const char* name : {"Aa", "Ab", "Ac"}) Push(queue, name);  // 10 each
  EXPECT_THAT(Take(queue), ElementsAre("Aa", "Ab"));
}

TEST(LaneQueueTest, AJobLargerThanABatchRunsAlone) {
  LaneQueue<std::string> queue({.batch_weight = 10});
  Push(queue, "Aa", 1);
  Push(queue, "Ba", 100);
  Push(queue, "Ca", 1);
  EXPECT_THAT(Take(queue), ElementsAre("Aa"));
  EXPECT_THAT(Take(queue), ElementsAre("Ba"));
  EXPECT_THAT(Take(queue), ElementsAre("Ca"));
}

TEST(LaneQueueTest, IsBoundedPerPoolAndInAll) {
  LaneQueue<std::string> queue({.queued_per_pool = 2, .queued = 3});
  EXPECT_TRUE(Push(queue, "Aa"));
  EXPECT_TRUE(Push(queue, "Aa"));
  EXPECT_FALSE(Push(queue, "Ab"));
  EXPECT_TRUE(Push(queue, "Ba"));
  EXPECT_FALSE(Push(queue, "Bb"));
  EXPECT_FALSE(Push(queue, "Ca"));
  Take(queue);
  EXPECT_TRUE(Push(queue, "Ca"));
}

TEST(LaneQueueTest, IsBoundedInBytes) {
  LaneQueue<std::string> queue({.queued_memory = 25});
  EXPECT_TRUE(Push(queue, "Aa"));
  EXPECT_TRUE(Push(queue, "Ab"));
  EXPECT_FALSE(Push(queue, "Ac"));
  Take(queue);
  EXPECT_TRUE(Push(queue, "Ac"));
}

TEST(LaneQueueTest, ARefusedJobStaysWithItsOwner) {
  LaneQueue<std::string> queue({.queued = 0});
  std::string job = "kept";
  EXPECT_FALSE(queue.Push({"A", "a"}, job));
  EXPECT_EQ(job, "kept");
}

TEST(LaneQueueTest, JobsPastTheirDeadlineAreSetAside) {
  LaneQueue<std::string> queue({});
  Push(queue, "Aa1", 1, At(10));
  Push(queue, "Aa2", 1, At(20));
  Push(queue, "Ba1", 1, At(10));
  Names batch, expired;
  queue.Take(At(10), batch, expired);
  EXPECT_THAT(batch, ElementsAre("Aa2"));
  EXPECT_THAT(expired, ElementsAre("Aa1", "Ba1"));
}

// Whatever goes in, every batch keeps its bounds and keys their order, and all jobs come out once.
TEST(LaneQueueTest, EveryJobComesOutOnceInTheOrderOfItsKey) {
  EXPECT_TRUE(rc::check([] {
    LaneQueue<std::string> queue({.batch_jobs = 3, .batch_weight = 5});
    const auto jobs = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8));
    std::map<std::string, int> pushed, taken;  // how many, by pool and key
    std::size_t left = 0;
    const auto take = [&] {
      const Names batch = Take(queue);
      RC_ASSERT(!batch.empty() && batch.size() <= 3u);
      std::set<std::string> keys;
      for (const std::string& name : batch) {
        const std::string key = name.substr(0, 2);
        RC_ASSERT(keys.insert(key).second);
        RC_ASSERT(name.substr(2) == std::to_string(taken[key]++));
      }
      left -= batch.size();
    };
    for (const int job : jobs) {
      const std::string key = {"AB"[job % 2], "ab"[job / 2 % 2]};
      RC_ASSERT(Push(queue, key + std::to_string(pushed[key]++), 1 + job / 2));
      if (++left > 5) take();
    }
    while (left > 0) take();
    RC_ASSERT(queue.size() == 0u);
    RC_ASSERT(pushed == taken);
  }));
}

}  // namespace
}  // namespace tidemark::pg
