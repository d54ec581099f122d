#include "services/stream_config/store/pool_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::stream_config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PoolChange Changed(std::int64_t revision, const std::string& id) {
  return {.revision = Revision(revision), .pool_id = id, .pool = Pool{.id = id}};
}

PoolChange Deleted(std::int64_t revision, const std::string& id) {
  return {.revision = Revision(revision), .pool_id = id};
}

// What a watcher is told next: ids, deleted ones as "-id", "." at the end of the list.
std::vector<std::string> Next(const PoolLog& log, PoolLog::Cursor& cursor,
                              std::size_t limit = 100) {
  std::vector<std::string> told;
  const std::optional<PoolBatch> batch = log.Next(cursor, limit);
  if (!batch) return told;
  for (const auto& pool : batch->pools) told.push_back(pool->id);
  for (const std::string& id : batch->deleted) told.push_back("-" + id);
  if (batch->list_done) told.push_back(".");
  return told;
}

TEST(PoolLogTest, AnEmptyLogIsAnEmptyList) {
  const PoolLog log;
  PoolLog::Cursor cursor = log.Begin();
  EXPECT_THAT(Next(log, cursor), ElementsAre("."));
  EXPECT_THAT(Next(log, cursor), IsEmpty());
}

TEST(PoolLogTest, AWatcherIsToldAllPoolsAndThenWhatChanges) {
  PoolLog log;
  log.Apply(Changed(1, "a"));
  log.Apply(Changed(2, "b"));
  log.Apply(Deleted(3, "b"));
  log.Apply(Changed(5, "c"));
  EXPECT_EQ(log.size(), 2u);
  PoolLog::Cursor cursor = log.Begin();
  EXPECT_THAT(Next(log, cursor), ElementsAre("a", "c", "."));
  log.Apply(Changed(6, "a"));
  log.Apply(Deleted(7, "c"));
  EXPECT_THAT(Next(log, cursor), ElementsAre("a", "-c"));
  EXPECT_THAT(Next(log, cursor), IsEmpty());
}

TEST(PoolLogTest, AListInPartsIsDoneWithTheLastPart) {
  PoolLog log;
  for (int i = 1; i <= 5; ++i) log.Apply(Changed(i, std::string(1, static_cast<char>('a' + i))));
  PoolLog::Cursor cursor = log.Begin();
  EXPECT_THAT(Next(log, cursor, 2), ElementsAre("b", "c"));
  EXPECT_THAT(Next(log, cursor, 2), ElementsAre("d", "e"));
  EXPECT_THAT(Next(log, cursor, 2), ElementsAre("f", "."));
}

// Else the watcher, which replaces what it knew when the list is done, would lose the pool.
TEST(PoolLogTest, APoolThatChangesWhileTheListIsToldIsStillInTheList) {
  PoolLog log;
  log.Apply(Changed(1, "a"));
  log.Apply(Changed(2, "b"));
  PoolLog::Cursor cursor = log.Begin();
  EXPECT_THAT(Next(log, cursor, 1), ElementsAre("a"));
  log.Apply(Changed(3, "b"));
  EXPECT_THAT(Next(log, cursor), ElementsAre("b", "."));
}

TEST(PoolLogTest, APoolDeletedAfterItWasListedIsToldAsDeleted) {
  PoolLog log;
  log.Apply(Changed(1, "a"));
  log.Apply(Changed(2, "b"));
  PoolLog::Cursor cursor = log.Begin();
  EXPECT_THAT(Next(log, cursor, 1), ElementsAre("a"));
  log.Apply(Deleted(3, "a"));
  EXPECT_THAT(Next(log, cursor), ElementsAre("b", "-a", "."));
}

TEST(PoolLogTest, ASlowWatcherIsToldTheLatestOnly) {
  PoolLog log;
  log.Apply(Changed(1, "a"));
  PoolLog::Cursor cursor = log.Begin();
  Next(log, cursor);
  for (int revision = 2; revision < 10; ++revision) log.Apply(Changed(revision, "a"));
  EXPECT_THAT(Next(log, cursor), ElementsAre("a"));
}

TEST(PoolLogTest, WhoMissesAForgottenDeletionFellBehind) {
  PoolLog log(1);
  for (int i = 1; i <= 3; ++i) log.Apply(Changed(i, std::string(1, static_cast<char>('a' + i))));
  PoolLog::Cursor slow = log.Begin();
  PoolLog::Cursor listing = log.Begin();
  Next(log, slow);
  Next(log, listing, 1);
  log.Apply(Deleted(4, "b"));
  PoolLog::Cursor quick = slow;
  Next(log, quick);
  EXPECT_FALSE(log.FellBehind(slow));
  log.Apply(Deleted(5, "c"));
  EXPECT_TRUE(log.FellBehind(slow));
  EXPECT_TRUE(log.FellBehind(listing));
  EXPECT_FALSE(log.FellBehind(quick));
  EXPECT_THAT(Next(log, quick), ElementsAre("-c"));
  PoolLog::Cursor fresh = log.Begin();
  EXPECT_FALSE(log.FellBehind(fresh));
  EXPECT_THAT(Next(log, fresh), ElementsAre("d", "."));
  EXPECT_EQ(log.size(), 1u);
}

}  // namespace
}  // namespace tidemark::stream_config
