#include "services/dataset/store/snapshot_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>

namespace tidemark::dataset {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<DatasetKey> SnapshotContract::WriteSome() {
  std::vector<DatasetKey> written;
  for (int i = 0; i < 5; ++i) {
    const IdentityKey identity =
        IdentityKey::Of(identity_.pool_id, "us-east-1:" + std::to_string(i));
    for (const char* name : {"a", "b"}) {
      written.push_back({identity, name});
      Update(written.back(), {Put("k", 0), Remove("gone", 0)});
    }
  }
  Delete(written.back());
  written.pop_back();
  Update({IdentityKey::Of("us-east-1:0b", "us-east-1:1"), "a"}, {Put("k", 0)});
  std::ranges::sort(written, [](const DatasetKey& a, const DatasetKey& b) {
    return std::tie(a.identity.owner, a.identity.identity_id, a.name) <
           std::tie(b.identity.owner, b.identity.identity_id, b.name);
  });
  return written;
}

SnapshotPage SnapshotContract::Read(const SnapshotCursor& after, const SnapshotBounds& bounds,
                                    const std::vector<LogShard>& shards) {
  auto page = store_->snapshots().Read(identity_.pool_id, shards, after, bounds, Deadline());
  EXPECT_TRUE(page.ok()) << page.status();
  return std::move(page).value_or(SnapshotPage{});
}

std::vector<DatasetKey> SnapshotContract::ReadAll(const SnapshotBounds& bounds,
                                                  const std::vector<LogShard>& shards) {
  std::vector<DatasetKey> read;
  std::optional<SnapshotCursor> cursor = SnapshotCursor{};
  for (int pages = 0; cursor && pages < 1'000; ++pages) {
    const SnapshotPage page = Read(*cursor, bounds, shards);
    for (const Snapshot& snapshot : page.snapshots) {
      EXPECT_THAT(snapshot.records, SizeIs(1)) << "tombstones are left out";
      read.push_back(snapshot.info.key);
    }
    cursor = page.next;
  }
  EXPECT_FALSE(cursor) << "no end";
  return read;
}

FoundSnapshots SnapshotContract::Get(const std::vector<DatasetKey>& datasets,
                                     std::int64_t max_bytes) {
  auto found = store_->snapshots().Get(identity_.pool_id, datasets, max_bytes, Deadline());
  EXPECT_TRUE(found.ok()) << found.status();
  return std::move(found).value_or(FoundSnapshots{});
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SnapshotContract);

TEST_P(SnapshotContract, ReadsEveryLiveDatasetOnceInOrderWhateverThePages) {
  const std::vector<DatasetKey> written = WriteSome();
  EXPECT_THAT(ReadAll({}), ElementsAreArray(written));
  EXPECT_THAT(ReadAll({.datasets = 2}), ElementsAreArray(written));
  EXPECT_THAT(ReadAll({.bytes = 1}), ElementsAreArray(written));
  EXPECT_THAT(ReadAll({.identities = 1}), ElementsAreArray(written));
  EXPECT_THAT(ReadAll({.datasets = 3, .identities = 2}), ElementsAreArray(written));
}

TEST_P(SnapshotContract, APageIsBounded) {
  WriteSome();
  EXPECT_THAT(Read({}, {.datasets = 4}).snapshots, SizeIs(4));
  EXPECT_THAT(Read({}, {.bytes = 2 * kRecordBytes}).snapshots, SizeIs(2));
  EXPECT_THAT(Read({}, {.bytes = 2 * kRecordBytes + 1}).snapshots, SizeIs(3));
  EXPECT_THAT(Read({}, {.bytes = 1}).snapshots, SizeIs(1)) << "one at least";
}

TEST_P(SnapshotContract, ManyDatasetsMakeOnePage) {
  for (int i = 0; i < 300; ++i) {
    const std::string id = "us-east-1:" + std::to_string(i);
    Update({IdentityKey::Of(identity_.pool_id, id), "a"}, {Put("k", 0)});
  }
  EXPECT_THAT(Read({}, {}).snapshots, SizeIs(300));
  EXPECT_THAT(ReadAll({.datasets = 299}), SizeIs(300));
  EXPECT_THAT(ReadAll({.identities = 200}), SizeIs(300));
}

TEST_P(SnapshotContract, ReadsTheLogShardsAskedFor) {
  const std::vector<DatasetKey> written = WriteSome();
  const LogShard shard = LogShardOf(written.front().identity.owner);
  std::vector<DatasetKey> expected;
  std::ranges::copy_if(written, std::back_inserter(expected), [shard](const DatasetKey& key) {
    return LogShardOf(key.identity.owner) == shard;
  });
  EXPECT_THAT(ReadAll({}, {shard}), ElementsAreArray(expected));
  EXPECT_THAT(ReadAll({.identities = 1}, {shard}), ElementsAreArray(expected));
}

TEST_P(SnapshotContract, ASnapshotIsWhatADeviceWouldRead) {
  Update(prefs_, {Put("a", 0, "1"), Put("b", 0, "2")});
  Update(prefs_, {Put("a", 1, "3"), Remove("b", 1), Put("c", 0, "")});
  const SnapshotPage page = Read({}, {});
  ASSERT_THAT(page.snapshots, SizeIs(1));
  EXPECT_EQ(page.snapshots[0].info, *Describe(prefs_));
  std::vector<Record> live = List(prefs_).records;
  std::erase_if(live, [](const Record& record) { return !record.value; });
  EXPECT_THAT(page.snapshots[0].records, ElementsAreArray(live));
  EXPECT_EQ(Get({prefs_}).snapshots[0].records, live);
}

TEST_P(SnapshotContract, GetsLiveAndDeletedDatasetsInTheOrderAskedFor) {
  const DatasetKey gone{identity_, "gone"};
  const DatasetKey never{identity_, "never"};
  Update(prefs_, {Put("a", 0)});
  Update(gone, {Put("a", 0)});
  const DatasetInfo deleted = Delete(gone).dataset;
  const FoundSnapshots found = Get({gone, never, prefs_, gone});
  EXPECT_EQ(found.examined, 4);
  ASSERT_THAT(found.snapshots, SizeIs(3));
  EXPECT_FALSE(found.snapshots[0].info.live);
  EXPECT_EQ(found.snapshots[0].info.deleted_at, deleted.sync_count);
  EXPECT_EQ(found.snapshots[0].info.modified_time, deleted.modified_time);
  EXPECT_EQ(found.snapshots[0].info.generation, Generation(deleted.generation.value() + 1));
  EXPECT_THAT(found.snapshots[0].records, IsEmpty());
  EXPECT_EQ(found.snapshots[1].info.key, prefs_);
  EXPECT_THAT(found.snapshots[1].records, SizeIs(1));
  EXPECT_EQ(found.snapshots[2].info.key, gone);
}

TEST_P(SnapshotContract, GetsAsMuchAsFits) {
  const std::vector<DatasetKey> written = WriteSome();
  const FoundSnapshots found = Get(written, 3 * kRecordBytes);
  EXPECT_EQ(found.examined, 3);
  EXPECT_THAT(found.snapshots, SizeIs(3));
  EXPECT_EQ(Get(written, 1).examined, 1);
  EXPECT_THAT(Get({prefs_}, 1).snapshots, IsEmpty());
  EXPECT_EQ(Get({prefs_}, 1).examined, 1);
}

TEST_P(SnapshotContract, TheSameDatasetTwiceIsGivenTwice) {
  Update(prefs_, {Put("a", 0)});
  const FoundSnapshots found = Get({prefs_, prefs_});
  ASSERT_THAT(found.snapshots, SizeIs(2));
  EXPECT_THAT(found.snapshots[0].records, SizeIs(1));
  EXPECT_EQ(found.snapshots[0].records, found.snapshots[1].records);
}

TEST_P(SnapshotContract, CountsLiveDatasets) {
  EXPECT_EQ(*store_->snapshots().Count(identity_.pool_id, Deadline()), 0);
  const std::vector<DatasetKey> written = WriteSome();
  EXPECT_EQ(*store_->snapshots().Count(identity_.pool_id, Deadline()),
            static_cast<std::int64_t>(written.size()));
}

}  // namespace tidemark::dataset
