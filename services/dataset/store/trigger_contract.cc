// What every store must do for updates that go through a sync trigger.
#include <gmock/gmock.h>

#include "services/dataset/store/store_contract.h"

namespace tidemark::dataset {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> KeysIn(const DatasetView& view) {
  std::vector<std::string> keys;
  for (const Record& record : view.records) keys.push_back(record.key);
  return keys;
}

// Empty for what was no conflict.
std::vector<std::string> ConflictingKeys(const UpdateOutcome& outcome) {
  const Conflict* conflict = std::get_if<Conflict>(&outcome);
  std::vector<std::string> keys;
  if (conflict == nullptr) return keys;
  for (const Conflict::Key& key : conflict->keys) keys.push_back(key.key);
  return keys;
}

}  // namespace

TEST_P(DatasetStoreContract, ADatasetThatIsNotLiveIsViewedAsEmptyAndOfNoGeneration) {
  EXPECT_EQ(View(Request(prefs_, {Put("any", 0)})).generation, Generation(0));
  Update(prefs_, {Put("a", 0)});
  Delete(prefs_);
  const DatasetView deleted = View(Request(prefs_, {Put("any", 0)}));
  EXPECT_EQ(deleted.generation, Generation(0));
  EXPECT_EQ(deleted.bytes, 0);
  EXPECT_TRUE(deleted.complete);
  EXPECT_THAT(deleted.records, IsEmpty());
  EXPECT_FALSE(deleted.repeat);
}

TEST_P(DatasetStoreContract, AViewHasAllRecordsInByteOrderAndTombstonesToo) {
  Update(prefs_, {Put("b", 0, "x"), Put("B", 0, "yy"), Put("a", 0)});
  Update(prefs_, {Remove("a", 1)});
  const DatasetView view = View(Request(prefs_, {Put("any", 0)}));
  EXPECT_EQ(view.generation, Generation(1));
  EXPECT_THAT(KeysIn(view), ElementsAre("B", "a", "b"));
  EXPECT_EQ(view.records, List(prefs_).records);
  EXPECT_EQ(view.bytes, 3 + 1 + 2);
}

TEST_P(DatasetStoreContract, AViewOfMoreThanIsAskedForSaysHowMuchAndHasNoRecords) {
  Update(prefs_, {Put("a", 0, "xxx"), Put("b", 0)});
  Update(prefs_, {Remove("b", 1)});
  const UpdateRequest request = Request(prefs_, {Put("a", 1)});
  const DatasetView view = View(request, 4);
  EXPECT_FALSE(view.complete);
  EXPECT_EQ(view.bytes, 5);
  EXPECT_THAT(view.records, IsEmpty());
  EXPECT_TRUE(View(request, 5).complete);
}

TEST_P(DatasetStoreContract, AViewKnowsARepeat) {
  const UpdateRequest plain = Request(prefs_, {Put("a", 0)});
  const UpdateRequest triggered = Triggered({Put("b", 0)}, 1);
  const UpdateOutcome first = Apply(plain);
  Apply(triggered);
  EXPECT_EQ(View(Request(prefs_, {Put("a", 1)})).repeat, std::nullopt);
  Applied expected = std::get<Applied>(first);
  expected.replayed = true;
  EXPECT_EQ(View(plain).repeat, UpdateOutcome(expected));
  const Applied again = std::get<Applied>(View(triggered).repeat.value());
  EXPECT_EQ(again.sync_count, SyncCount(2));
  EXPECT_TRUE(again.replayed);
  EXPECT_TRUE(again.triggered);
  UpdateRequest other = plain;
  other.identity.content = {9, 9};
  EXPECT_EQ(View(other).repeat, UpdateOutcome(RequestIdReused{}));
}

TEST_P(DatasetStoreContract, ADeletedDatasetStillKnowsARepeatByItsId) {
  UpdateRequest by_content = Request(prefs_, {Put("a", 0)});
  by_content.identity.named = false;
  const UpdateRequest by_id = Triggered({Put("b", 0)}, 1);
  Apply(by_content);
  Apply(by_id);
  Delete(prefs_);
  EXPECT_FALSE(View(by_content).repeat);
  EXPECT_TRUE(View(by_id).repeat);
  EXPECT_TRUE(std::get<Applied>(Apply(by_id)).triggered);
}

TEST_P(DatasetStoreContract, PatchesOfATriggerAreAppliedToTheLifeThatItSaw) {
  EXPECT_EQ(CountOf(Apply(Triggered({Put("a", 0)}, 0))), 1);
  EXPECT_EQ(CountOf(Apply(Triggered({Put("a", 1), Put("b", 0)}, 1))), 2);
  Delete(prefs_);
  EXPECT_EQ(CountOf(Apply(Triggered({Put("a", 0)}, 0))), 4);
  EXPECT_EQ(CountOf(Apply(Triggered({Put("b", 0)}, 2))), 5);
  EXPECT_THAT(store_->Log(), ::testing::SizeIs(5));
}

TEST_P(DatasetStoreContract, InAnotherLifeAllPatchesOfATriggerConflict) {
  EXPECT_THAT(ConflictingKeys(Apply(Triggered({Put("new", 0)}, 1))), ElementsAre("new"));
  Update(prefs_, {Put("a", 0)});
  // It was created while the function ran.
  EXPECT_THAT(ConflictingKeys(Apply(Triggered({Put("x", 0), Put("b", 0)}, 0))),
              ElementsAre("x", "b"));
  Delete(prefs_);
  EXPECT_THAT(ConflictingKeys(Apply(Triggered({Put("b", 0)}, 1))), ElementsAre("b"));
  Update(prefs_, {Put("a", 0)});
  const UpdateOutcome outcome = Apply(Triggered({Put("b", 0), Put("a", 1)}, 1));
  EXPECT_EQ(outcome, UpdateOutcome(Conflict{
                         {{"b", SyncCount(0), SyncCount(0)}, {"a", SyncCount(3), SyncCount(1)}}}));
  EXPECT_THAT(KeysOf(List(prefs_)), ElementsAre("a"));
  EXPECT_EQ(Describe(prefs_)->sync_count, SyncCount(3));
}

TEST_P(DatasetStoreContract, ALifeThatIsNotTheOneSeenConflictsInABatchForItsRequestAlone) {
  Update(prefs_, {Put("a", 0)});
  UpdateRequest other = Request({identity_, "other"}, {Put("k", 0)});
  other.seen_generation = Generation(0);
  const auto outcomes = ApplyAll({Triggered({Put("b", 0)}, 2), other});
  EXPECT_THAT(ConflictingKeys(outcomes[0]), ElementsAre("b"));
  EXPECT_EQ(CountOf(outcomes[1]), 1);
}

TEST_P(DatasetStoreContract, ARepeatSaysThatATriggerMadeThePatchesAloneAndInABatch) {
  const UpdateRequest plain = Request(prefs_, {Put("a", 0)});
  const UpdateRequest triggered = Triggered({Put("b", 0)}, 1);
  Apply(plain);
  EXPECT_FALSE(std::get<Applied>(Apply(triggered)).triggered);  // no repeat
  UpdateRequest original = triggered;  // as it comes once the pool has no trigger
  original.seen_generation.reset();
  for (const UpdateRequest& again : {triggered, original}) {
    const Applied alone = std::get<Applied>(Apply(again));
    EXPECT_TRUE(alone.replayed);
    EXPECT_TRUE(alone.triggered);
    EXPECT_EQ(alone.sync_count, SyncCount(2));
    const auto batch = ApplyAll({again, Request({identity_, "other"}, {Put("k", 9)})});
    EXPECT_EQ(batch[0], UpdateOutcome(alone));
  }
  EXPECT_FALSE(std::get<Applied>(Apply(plain)).triggered);
  UpdateRequest late = plain;  // the first try went without, the repeat comes with a trigger
  late.seen_generation = Generation(1);
  EXPECT_FALSE(std::get<Applied>(Apply(late)).triggered);
  EXPECT_EQ(Describe(prefs_)->sync_count, SyncCount(2));
}

}  // namespace tidemark::dataset
