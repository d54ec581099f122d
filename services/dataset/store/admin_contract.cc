// What every store must do for merging and erasing identities and pools.
#include <gmock/gmock.h>

#include "common/errors/error.h"
#include "services/dataset/store/store_contract.h"

namespace tidemark::dataset {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(DatasetStoreContract, MergingGivesTheWinnerACopyAndDeletesTheLosersDataset) {
  const IdentityKey loser = IdentityKey::Of(identity_.pool_id, "us-east-1:2c");
  Update({loser, "prefs"}, {Put("a", 0, "x")});
  Update({loser, "prefs"}, {Put("b", 0), Remove("c", 0)});
  Update(prefs_, {Put("a", 0, "mine")});
  const MergeRequest request{.winner = identity_,
                             .loser = loser,
                             .pool_number = PoolNumber(7),
                             .limits = limits_,
                             .origin = {.modified_by = "account"}};
  const auto copies = store_->admin().Merge(request, Deadline());
  ASSERT_TRUE(copies.ok()) << copies.status();
  ASSERT_THAT(*copies, SizeIs(1));
  EXPECT_EQ((*copies)[0].key.name, "prefs.us-east-1:2c");
  EXPECT_EQ((*copies)[0].sync_count, SyncCount(2));
  EXPECT_THAT(List(prefs_).merged_dataset_names, ElementsAre("prefs.us-east-1:2c"));
  const RecordPage copy = List((*copies)[0].key);
  EXPECT_THAT(KeysOf(copy), ElementsAre("a", "b", "c"));
  EXPECT_EQ(copy.records[0].sync_count, SyncCount(1));
  EXPECT_FALSE(Describe({loser, "prefs"})->live);
  EXPECT_EQ(Usage(identity_).datasets, 2);

  const auto log = store_->Log();
  const auto logged = [&log](const DatasetKey& key, LoggedChange::Kind kind) {
    return std::ranges::count_if(log, [&](const LoggedChange& change) {
      return change.dataset == key && change.kind == kind;
    });
  };
  EXPECT_EQ(logged((*copies)[0].key, LoggedChange::Kind::kSnapshot), 1);
  EXPECT_EQ(logged({loser, "prefs"}, LoggedChange::Kind::kDelete), 1);

  const auto again = store_->admin().Merge(request, Deadline());
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(*again, IsEmpty());
  Delete((*copies)[0].key);
  EXPECT_THAT(List(prefs_).merged_dataset_names, IsEmpty());
}

TEST_P(DatasetStoreContract, MergingAgainKeepsTheCopyBefore) {
  const IdentityKey loser = IdentityKey::Of(identity_.pool_id, "us-east-1:2c");
  Update({loser, "prefs"}, {Put("a", 0, "first")});
  EXPECT_THAT(Merge(loser, identity_), ElementsAre("prefs.us-east-1:2c"));
  Update({loser, "prefs"}, {Put("b", 0, "second")});
  EXPECT_THAT(Merge(loser, identity_), ElementsAre("prefs.us-east-1:2c-2"));
  EXPECT_THAT(KeysOf(List(DatasetKey{identity_, "prefs.us-east-1:2c"})), ElementsAre("a"));
  EXPECT_THAT(KeysOf(List(DatasetKey{identity_, "prefs.us-east-1:2c-2"})), ElementsAre("b"));
  EXPECT_THAT(List(prefs_).merged_dataset_names,
              ElementsAre("prefs.us-east-1:2c", "prefs.us-east-1:2c-2"));

  Delete({identity_, "prefs.us-east-1:2c"});  // processed: its name is free again
  Update({loser, "prefs"}, {Put("c", 0, "third")});
  EXPECT_THAT(Merge(loser, identity_), ElementsAre("prefs.us-east-1:2c"));
  const auto revived = Describe({identity_, "prefs.us-east-1:2c"});
  EXPECT_EQ(revived->generation, Generation(2));
  EXPECT_EQ(revived->sync_count, SyncCount(5));  // of its record, above its deletion at 2
}

TEST_P(DatasetStoreContract, MergingLeavesADatasetUnderTheCopysNameAlone) {
  const IdentityKey loser = IdentityKey::Of(identity_.pool_id, "us-east-1:2c");
  const DatasetKey own{identity_, "prefs.us-east-1:2c"};  // as Android names renamed originals
  Update(own, {Put("mine", 0)});
  const auto before = Describe(own);
  Update({loser, "prefs"}, {Put("a", 0)});
  EXPECT_THAT(Merge(loser, identity_), ElementsAre("prefs.us-east-1:2c-2"));
  EXPECT_EQ(Describe(own), before);
  EXPECT_THAT(KeysOf(List(own)), ElementsAre("mine"));
  EXPECT_THAT(List(prefs_).merged_dataset_names, ElementsAre("prefs.us-east-1:2c-2"));
}

TEST_P(DatasetStoreContract, MergingThereAndBackAndThereLosesNothing) {
  const IdentityKey other = IdentityKey::Of(identity_.pool_id, "us-east-1:2c");
  Update({other, "a"}, {Put("old", 0)});
  EXPECT_THAT(Merge(other, identity_), ElementsAre("a.us-east-1:2c"));
  EXPECT_THAT(Merge(identity_, other), ElementsAre("a.us-east-1:2c"));  // a copy keeps its name
  Update({other, "a"}, {Put("new", 0)});
  EXPECT_THAT(Merge(other, identity_), ElementsAre("a.us-east-1:2c", "a.us-east-1:2c-2"));
  EXPECT_THAT(KeysOf(List(DatasetKey{identity_, "a.us-east-1:2c"})), ElementsAre("new"));
  EXPECT_THAT(KeysOf(List(DatasetKey{identity_, "a.us-east-1:2c-2"})), ElementsAre("old"));
  EXPECT_THAT(DatasetNames(other), IsEmpty());
}

TEST_P(DatasetStoreContract, MergingWhatWouldPassALimitChangesNothing) {
  const IdentityKey loser = IdentityKey::Of(identity_.pool_id, "us-east-1:2c");
  limits_.datasets_per_identity = 1;
  Update({loser, "prefs"}, {Put("a", 0)});
  Update(prefs_, {Put("a", 0)});
  const auto copies = store_->admin().Merge(
      {.winner = identity_, .loser = loser, .pool_number = PoolNumber(7), .limits = limits_},
      Deadline());
  EXPECT_EQ(errors::ReasonOf(copies.status()), errors::v1::ERROR_REASON_LIMIT_EXCEEDED);
  EXPECT_TRUE(Describe({loser, "prefs"})->live);
  EXPECT_THAT(DatasetNames(identity_), ElementsAre("prefs"));
}

TEST_P(DatasetStoreContract, ErasingLeavesNothingAndProvesWhatWent) {
  Update(prefs_, {Put("a", 0, "123"), Remove("b", 0)});
  Update({identity_, "gone"}, {Put("a", 0)});
  Delete({identity_, "gone"});
  const auto erased =
      store_->admin().Erase({.identity = identity_, .pool_number = PoolNumber(7)}, Deadline());
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->datasets, 2);
  EXPECT_GE(erased->records, 2);
  EXPECT_GE(erased->bytes, 4);
  EXPECT_EQ(erased->change_log_rows, 4);
  store_->Settle();
  EXPECT_EQ(Describe(prefs_), std::nullopt);
  EXPECT_EQ(Usage(identity_).modified_time, std::nullopt);
  EXPECT_EQ(store_->Log().back().kind, LoggedChange::Kind::kDelete);
  const auto pool = Wait<PoolUsage>([&](auto done) {
    store_->reads().DescribePool(identity_.pool_id, Deadline(), std::move(done));
  });
  EXPECT_EQ(pool.modified_time, store_->Log().back().time);
  const auto again =
      store_->admin().Erase({.identity = identity_, .pool_number = PoolNumber(7)}, Deadline());
  EXPECT_EQ(again->datasets, 0);
  EXPECT_EQ(CountOf(Update(prefs_, {Put("a", 0)})), 1);
}

TEST_P(DatasetStoreContract, APoolWithDataIsPurgedOnlyByForce) {
  Update(prefs_, {Put("a", 0)});
  const auto refused = store_->admin().PurgePool(identity_.pool_id, false, Deadline());
  EXPECT_EQ(errors::ReasonOf(refused.status()), errors::v1::ERROR_REASON_POOL_NOT_EMPTY);
  EXPECT_TRUE(Describe(prefs_)->live);
  EXPECT_EQ(*store_->admin().PurgePool(identity_.pool_id, true, Deadline()), 1);
  store_->Settle();
  EXPECT_EQ(Describe(prefs_), std::nullopt);
  EXPECT_EQ(*store_->admin().PurgePool(identity_.pool_id, false, Deadline()), 0);
}

}  // namespace tidemark::dataset
