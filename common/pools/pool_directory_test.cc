#include "common/pools/pool_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"

namespace tidemark::pools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Pool Make(const std::string& id, int number, const std::string& name = "") {
  Pool pool;
  pool.set_identity_pool_id(id);
  pool.set_pool_number(number);
  pool.set_display_name(name);
  return pool;
}

std::vector<std::string> Ids(const PoolDirectory& directory) {
  std::vector<std::string> ids;
  for (const PoolPtr& pool : directory.Snapshot()->pools()) ids.push_back(pool->identity_pool_id());
  return ids;
}

TEST(PoolDirectoryTest, KnowsNothingBeforeTheFirstList) {
  PoolDirectory directory;
  EXPECT_EQ(errors::ReasonOf(directory.Ready()), errors::v1::ERROR_REASON_NOT_READY);
  EXPECT_EQ(directory.Find("r:1"), nullptr);
  EXPECT_THAT(Ids(directory), IsEmpty());
  directory.Replace({});
  EXPECT_TRUE(directory.Ready().ok());
}

TEST(PoolDirectoryTest, FindsPoolsByIdAndNumber) {
  PoolDirectory directory;
  directory.Replace({Make("r:2", 2), Make("r:1", 7, "one")});
  EXPECT_THAT(Ids(directory), ElementsAre("r:1", "r:2"));
  ASSERT_NE(directory.Find("r:1"), nullptr);
  EXPECT_EQ(directory.Find("r:1")->display_name(), "one");
  EXPECT_EQ(directory.Find("r:3"), nullptr);
  ASSERT_NE(directory.Snapshot()->FindNumber(7), nullptr);
  EXPECT_EQ(directory.Snapshot()->FindNumber(7)->identity_pool_id(), "r:1");
  EXPECT_EQ(directory.Snapshot()->FindNumber(1), nullptr);
}

TEST(PoolDirectoryTest, PagesBeginAfterAnId) {
  PoolDirectory directory;
  directory.Replace({Make("r:1", 1), Make("r:3", 3)});
  const auto snapshot = directory.Snapshot();
  EXPECT_EQ(snapshot->After("") - snapshot->pools().begin(), 0);
  EXPECT_EQ(snapshot->After("r:1") - snapshot->pools().begin(), 1);
  EXPECT_EQ(snapshot->After("r:2") - snapshot->pools().begin(), 1);
  EXPECT_EQ(snapshot->After("r:3"), snapshot->pools().end());
}

TEST(PoolDirectoryTest, AListReplacesAllThatWasKnown) {
  PoolDirectory directory;
  directory.Replace({Make("r:1", 1), Make("r:2", 2)});
  directory.Replace({Make("r:2", 2), Make("r:3", 3)});
  EXPECT_THAT(Ids(directory), ElementsAre("r:2", "r:3"));
}

TEST(PoolDirectoryTest, ChangesLeaveTheOtherPoolsAndEarlierSnapshotsAlone) {
  PoolDirectory directory;
  directory.Replace({Make("r:1", 1, "old"), Make("r:2", 2), Make("r:3", 3)});
  const auto before = directory.Snapshot();
  directory.Apply({Make("r:1", 1, "new"), Make("r:0", 4)}, {"r:2", "r:unknown"});
  EXPECT_THAT(Ids(directory), ElementsAre("r:0", "r:1", "r:3"));
  EXPECT_EQ(directory.Find("r:1")->display_name(), "new");
  EXPECT_EQ(directory.Snapshot()->FindNumber(2), nullptr);
  EXPECT_EQ(before->Find("r:1")->display_name(), "old");
  EXPECT_NE(before->Find("r:2"), nullptr);
  // What did not change is shared, not copied.
  EXPECT_EQ(before->Find("r:3"), directory.Find("r:3"));
}

TEST(PoolDirectoryTest, TellsOfEachChangeAfterItIsThere) {
  std::vector<std::size_t> sizes;
  PoolDirectory* seen = nullptr;
  PoolDirectory directory([&] { sizes.push_back(seen->Snapshot()->pools().size()); });
  seen = &directory;
  directory.Replace({Make("r:1", 1)});
  directory.Apply({Make("r:2", 2)}, {});
  EXPECT_THAT(sizes, ElementsAre(1u, 2u));
}

TEST(PoolDirectoryTest, ReadersSeeWholeSnapshotsWhileOneWrites) {
  PoolDirectory directory;
  directory.Replace({Make("r:1", 1, "0"), Make("r:2", 2, "0")});
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto snapshot = directory.Snapshot();
        EXPECT_EQ(snapshot->Find("r:1")->display_name(), snapshot->FindNumber(2)->display_name());
      }
    });
  }
  for (int i = 1; i < 500; ++i) {
    directory.Apply({Make("r:1", 1, absl::StrCat(i)), Make("r:2", 2, absl::StrCat(i))}, {});
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(directory.Find("r:1")->display_name(), "499");
}

}  // namespace
}  // namespace tidemark::pools
