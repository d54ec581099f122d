#include "services/dataset/store/store_contract.h"

#include <algorithm>

#include <gmock/gmock.h>

namespace tidemark::dataset {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DatasetStoreContract);

TEST_P(DatasetStoreContract, ADatasetNeverWrittenIsEmpty) {
  const RecordPage page = List(prefs_);
  EXPECT_THAT(page.records, IsEmpty());
  EXPECT_FALSE(page.dataset.has_value());
  EXPECT_THAT(DatasetNames(identity_), IsEmpty());
  EXPECT_EQ(Usage(identity_).datasets, 0);
  EXPECT_EQ(Usage(identity_).modified_time, std::nullopt);
}

TEST_P(DatasetStoreContract, WhatWasWrittenIsListedUnderOneCount) {
  const std::string odd("\0\xC3\xA9\xF0\x9F\x98\x80", 7);
  UpdateRequest request = Request(prefs_, {Put("b", 0, odd), Put("a", 0, ""), Remove("c", 0)});
  request.patches[0].device_modified_time = absl::FromUnixMillis(1700000000123);
  const UpdateOutcome outcome = Apply(request);
  ASSERT_EQ(CountOf(outcome), 1);
  const Applied& applied = std::get<Applied>(outcome);
  std::vector<Record> expected = AnswerOf(request, applied);
  std::ranges::sort(expected, {}, &Record::key);
  const RecordPage page = List(prefs_);
  EXPECT_EQ(page.records, expected);
  ASSERT_TRUE(page.dataset.has_value());
  EXPECT_EQ(page.dataset->sync_count, SyncCount(1));
  EXPECT_EQ(page.dataset->live_records, 2);
  EXPECT_EQ(page.dataset->bytes, 9);
  EXPECT_EQ(page.dataset->modified_by, "device");
  EXPECT_EQ(page.dataset->created_time, applied.time);
  EXPECT_EQ(Describe(prefs_), page.dataset);
}

TEST_P(DatasetStoreContract, ListsOnlyWhatChangedAfterACount) {
  Update(prefs_, {Put("a", 0), Put("b", 0)});
  Update(prefs_, {Put("b", 1)});
  Update(prefs_, {Remove("a", 1)});
  EXPECT_THAT(KeysOf(List(prefs_, 1)), ElementsAre("a", "b"));
  EXPECT_THAT(KeysOf(List(prefs_, 2)), ElementsAre("a"));
  EXPECT_THAT(KeysOf(List(prefs_, 3)), IsEmpty());
  EXPECT_EQ(List(prefs_, 2).records[0].value, std::nullopt);
}

TEST_P(DatasetStoreContract, PagesByRecordsInByteOrderOfKeys) {
  Update(prefs_, {Put("B", 0), Put("a", 0), Put("a\xC3\xA9", 0), Put("a.", 0), Put("_", 0)});
  RecordQuery query{.dataset = prefs_, .max_records = 2};
  std::vector<std::string> keys;
  for (int pages = 0; pages < 5; ++pages) {
    const RecordPage page = List(query);
    for (const Record& record : page.records) keys.push_back(record.key);
    if (!page.more) break;
    ASSERT_THAT(page.records, SizeIs(2));
    query.after = {page.dataset->generation, page.dataset->sync_count, page.records.back().key};
  }
  EXPECT_THAT(keys, ElementsAre("B", "_", "a", "a.", "a\xC3\xA9"));
}

TEST_P(DatasetStoreContract, PagesByBytesButAlwaysGivesOneRecord) {
  Update(prefs_, {Put("a", 0, std::string(100, 'x')), Put("b", 0, std::string(100, 'x'))});
  const RecordPage page = List(RecordQuery{.dataset = prefs_, .max_bytes = 10});
  EXPECT_THAT(KeysOf(page), ElementsAre("a"));
  EXPECT_TRUE(page.more);
}

TEST_P(DatasetStoreContract, APageCountsWhatItsMessageTakes) {
  std::vector<RecordPatch> patches;
  for (int i = 100; i < 200; ++i) patches.push_back(Put(std::to_string(i), 0, ""));
  for (int i = 200; i < 300; ++i) patches.push_back(Remove(std::to_string(i), 0));
  Update(prefs_, patches);
  const std::int64_t each = 3 + 6 + kRecordOverhead;  // key, writer, the rest
  RecordQuery query{.dataset = prefs_, .max_bytes = 120 * each + 1};
  const RecordPage page = List(query);
  EXPECT_THAT(page.records, SizeIs(120));
  EXPECT_TRUE(page.more);
  query.max_bytes = 200 * each;
  EXPECT_THAT(List(query).records, SizeIs(200));
  EXPECT_FALSE(List(query).more);
}

TEST_P(DatasetStoreContract, LaterPagesLeaveOutWhatChangedAfterTheFirst) {
  Update(prefs_, {Put("a", 0), Put("b", 0), Put("c", 0)});
  const RecordPage first = List(RecordQuery{.dataset = prefs_, .max_records = 1});
  Update(prefs_, {Put("b", 1), Put("d", 0)});
  const RecordPage second = List(RecordQuery{
      .dataset = prefs_,
      .after = RecordQuery::After{first.dataset->generation, first.dataset->sync_count, "a"}});
  EXPECT_THAT(KeysOf(second), ElementsAre("c"));
}

TEST_P(DatasetStoreContract, APinnedGenerationThatIsGoneGivesNoRecords) {
  Update(prefs_, {Put("a", 0), Put("b", 0)});
  const RecordPage first = List(RecordQuery{.dataset = prefs_, .max_records = 1});
  Delete(prefs_);
  Update(prefs_, {Put("b", 0)});
  const RecordPage second = List(RecordQuery{
      .dataset = prefs_,
      .after = RecordQuery::After{first.dataset->generation, first.dataset->sync_count, "a"}});
  EXPECT_THAT(second.records, IsEmpty());
  EXPECT_NE(second.dataset->generation, first.dataset->generation);
}

TEST_P(DatasetStoreContract, AConflictNamesEveryStaleKeyAndChangesNothing) {
  Update(prefs_, {Put("a", 0), Put("b", 0)});
  Update(prefs_, {Remove("b", 1)});
  const auto before = Describe(prefs_);
  const UpdateOutcome outcome = Update(prefs_, {Put("b", 1), Put("n", 3), Put("a", 1)});
  ASSERT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_THAT(std::get<Conflict>(outcome).keys,
              ElementsAre(Conflict::Key{"b", SyncCount(2), SyncCount(1)},
                          Conflict::Key{"n", SyncCount(0), SyncCount(3)}));
  EXPECT_EQ(Describe(prefs_), before);
  EXPECT_THAT(store_->Log(), SizeIs(2));
}

TEST_P(DatasetStoreContract, ARejectedFirstUpdateLeavesNoTrace) {
  EXPECT_TRUE(std::holds_alternative<Conflict>(Update(prefs_, {Put("a", 5)})));
  limits_.records_per_dataset = 1;
  EXPECT_TRUE(std::holds_alternative<LimitBreach>(Update(prefs_, {Put("a", 0), Put("b", 0)})));
  EXPECT_EQ(Describe(prefs_), std::nullopt);
  EXPECT_EQ(List(prefs_).dataset, std::nullopt);
  EXPECT_EQ(CountOf(Update(prefs_, {Put("a", 0)})), 1);
}

TEST_P(DatasetStoreContract, OneBadRequestOfABatchLeavesTheOthersAlone) {
  const DatasetKey other{identity_, "other"};
  const DatasetKey elsewhere{IdentityKey::Of("us-east-1:0a", "us-east-1:2c"), "prefs"};
  Update(other, {Put("a", 0)});
  const auto outcomes = ApplyAll({Request(prefs_, {Put("a", 0)}), Request(other, {Put("a", 9)}),
                                  Request(elsewhere, {Put("a", 0), Put("b", 0)})});
  EXPECT_EQ(CountOf(outcomes[0]), 1);
  EXPECT_TRUE(std::holds_alternative<Conflict>(outcomes[1]));
  EXPECT_EQ(CountOf(outcomes[2]), 1);
  EXPECT_THAT(KeysOf(List(elsewhere)), ElementsAre("a", "b"));
  EXPECT_EQ(Describe(other)->sync_count, SyncCount(1));
}

TEST_P(DatasetStoreContract, ARepeatGetsTheFirstAnswerAloneAndInABatch) {
  const UpdateRequest request = Request(prefs_, {Put("a", 0)});
  const Applied first = std::get<Applied>(Apply(request));
  Update(prefs_, {Put("a", 1)});
  const Applied repeat{first.sync_count, first.time, true};
  EXPECT_EQ(Apply(request), UpdateOutcome(repeat));
  const DatasetKey other{identity_, "other"};
  EXPECT_EQ(ApplyAll({Request(other, {Put("x", 0)}), request})[1], UpdateOutcome(repeat));
  EXPECT_EQ(Describe(prefs_)->sync_count, SyncCount(2));
  EXPECT_THAT(store_->Log(), SizeIs(3));
}

TEST_P(DatasetStoreContract, RemembersEightRequestsAndRefusesAReusedId) {
  UpdateRequest request = Request(prefs_, {Put("a", 0)});
  Apply(request);
  for (int i = 1; i < 8; ++i) Update(prefs_, {Put("b" + std::to_string(i), 0)});
  EXPECT_EQ(CountOf(Apply(request)), 1);
  UpdateRequest reused = request;
  reused.identity.content = {4711, 4711};
  EXPECT_EQ(Apply(reused), UpdateOutcome(RequestIdReused{}));
  Update(prefs_, {Put("c", 0)});
  EXPECT_TRUE(std::holds_alternative<Conflict>(Apply(request)));
}

TEST_P(DatasetStoreContract, KeepsTheLimitsOfADataset) {
  using Limit = LimitBreach::Limit;
  limits_ = {.records_per_dataset = 2, .bytes_per_dataset = 10, .keys_per_dataset = 3};
  EXPECT_EQ(Update(prefs_, {Put("a", 0), Put("b", 0), Put("c", 0)}),
            UpdateOutcome(LimitBreach{Limit::kRecords, 3, 2}));
  EXPECT_EQ(Update(prefs_, {Put("a", 0, std::string(10, 'x'))}),
            UpdateOutcome(LimitBreach{Limit::kBytes, 11, 10}));
  EXPECT_EQ(CountOf(Update(prefs_, {Put("a", 0, std::string(9, 'x'))})), 1);
  EXPECT_EQ(Update(prefs_, {Remove("b", 0), Remove("c", 0), Remove("d", 0)}),
            UpdateOutcome(LimitBreach{Limit::kKeys, 4, 3}));
  EXPECT_EQ(CountOf(Update(prefs_, {Remove("a", 1), Put("b", 0, std::string(9, 'x'))})), 2);
  EXPECT_EQ(Describe(prefs_)->bytes, 10);
  EXPECT_EQ(Describe(prefs_)->live_records, 1);
}

TEST_P(DatasetStoreContract, KeepsTheLimitsOfAnIdentity) {
  using Limit = LimitBreach::Limit;
  limits_ = {.datasets_per_identity = 2, .dataset_names_per_identity = 3};
  Update({identity_, "a"}, {Put("k", 0)});
  Update({identity_, "b"}, {Put("k", 0)});
  EXPECT_EQ(Update({identity_, "c"}, {Put("k", 0)}),
            UpdateOutcome(LimitBreach{Limit::kDatasets, 3, 2}));
  Delete({identity_, "a"});
  EXPECT_EQ(CountOf(Update({identity_, "c"}, {Put("k", 0)})), 1);
  EXPECT_EQ(Update({identity_, "a"}, {Put("k", 0)}),
            UpdateOutcome(LimitBreach{Limit::kDatasets, 3, 2}));
  Delete({identity_, "b"});
  EXPECT_EQ(Update({identity_, "d"}, {Put("k", 0)}),
            UpdateOutcome(LimitBreach{Limit::kDatasetNames, 4, 3}));
  EXPECT_EQ(CountOf(Update({identity_, "a"}, {Put("k", 0)})), 3);
}

TEST_P(DatasetStoreContract, ABatchThatCreatesTooManyDatasetsCreatesJustAsManyAsFit) {
  limits_.datasets_per_identity = 20;
  std::vector<UpdateRequest> requests;
  for (int i = 0; i < 21; ++i) {
    requests.push_back(Request({identity_, "d" + std::to_string(i)}, {Put("k", 0)}));
  }
  const auto outcomes = ApplyAll(requests);
  const auto refused = [](const UpdateOutcome& outcome) {
    return std::holds_alternative<LimitBreach>(outcome);
  };
  EXPECT_EQ(std::ranges::count_if(outcomes, refused), 1);
  EXPECT_THAT(DatasetNames(identity_), SizeIs(20));
}

TEST_P(DatasetStoreContract, DeletingForgetsTheRecordsAndKeepsTheCounts) {
  Update(prefs_, {Put("a", 0), Put("b", 0)});
  const DeleteOutcome deleted = Delete(prefs_);
  EXPECT_EQ(deleted.kind, DeleteOutcome::Kind::kDeleted);
  EXPECT_EQ(deleted.dataset.sync_count, SyncCount(2));
  EXPECT_EQ(deleted.dataset.live_records, 2);
  EXPECT_THAT(DatasetNames(identity_), IsEmpty());
  const RecordPage page = List(prefs_);
  EXPECT_THAT(page.records, IsEmpty());
  EXPECT_FALSE(page.dataset->live);
  EXPECT_EQ(page.dataset->deleted_at, SyncCount(2));
  EXPECT_EQ(Delete(prefs_).kind, DeleteOutcome::Kind::kNotFound);
  EXPECT_EQ(Delete({identity_, "never"}).kind, DeleteOutcome::Kind::kNotFound);

  EXPECT_EQ(CountOf(Update(prefs_, {Put("a", 0)})), 3);
  store_->Settle();
  EXPECT_THAT(KeysOf(List(prefs_)), ElementsAre("a"));
  EXPECT_EQ(Describe(prefs_)->generation, Generation(2));
}

TEST_P(DatasetStoreContract, ARepeatedDeletionGetsTheFirstAnswer) {
  Update(prefs_, {Put("a", 0)});
  const DeleteRequest request{.dataset = prefs_,
                              .pool_number = PoolNumber(7),
                              .origin = {.modified_by = "d"},
                              .identity = RequestIdentity{{90, 0}, {90, 1}}};
  const auto first = store_->admin().Delete(request, Deadline());
  const auto second = store_->admin().Delete(request, Deadline());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(second->kind, DeleteOutcome::Kind::kReplayed);
  EXPECT_EQ(second->dataset.sync_count, first->dataset.sync_count);
  EXPECT_EQ(second->dataset.live_records, first->dataset.live_records);
  EXPECT_THAT(store_->Log(), SizeIs(2));
}

TEST_P(DatasetStoreContract, ARepeatedDeletionOfARecreatedDatasetSaysOnlyWhatIsKnown) {
  Update(prefs_, {Put("a", 0)});
  const DeleteRequest request{.dataset = prefs_,
                              .pool_number = PoolNumber(7),
                              .origin = {.modified_by = "d"},
                              .identity = RequestIdentity{{90, 0}, {90, 1}}};
  const auto first = store_->admin().Delete(request, Deadline());
  Update(prefs_, {Put("b", 0), Put("c", 0)});
  const auto again = store_->admin().Delete(request, Deadline());
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(again->kind, DeleteOutcome::Kind::kReplayed);
  EXPECT_EQ(again->dataset, (DatasetInfo{.key = prefs_,
                                         .sync_count = SyncCount(2),
                                         .live = true,
                                         .created_time = absl::InfinitePast(),
                                         .modified_time = first->dataset.modified_time,
                                         .modified_by = "d",
                                         .deleted_at = SyncCount(2)}));
  EXPECT_TRUE(Describe(prefs_)->live);
  Delete(prefs_);  // the next one is another deletion
  EXPECT_EQ(store_->admin().Delete(request, Deadline())->dataset, again->dataset);
}

TEST_P(DatasetStoreContract, ADeletionWithoutAnIdIsNoRepeat) {
  const DeleteRequest request{.dataset = prefs_, .pool_number = PoolNumber(7)};
  Update(prefs_, {Put("a", 0)});
  EXPECT_EQ(store_->admin().Delete(request, Deadline())->kind, DeleteOutcome::Kind::kDeleted);
  EXPECT_EQ(store_->admin().Delete(request, Deadline())->kind, DeleteOutcome::Kind::kNotFound);
  Update(prefs_, {Put("a", 0)});
  EXPECT_EQ(store_->admin().Delete(request, Deadline())->kind, DeleteOutcome::Kind::kDeleted);
}

TEST_P(DatasetStoreContract, ADeletionForgetsUpdatesWithoutAnIdOfTheirOwn) {
  UpdateRequest by_content = Request(prefs_, {Put("a", 0)});
  by_content.identity.named = false;
  const UpdateRequest by_id = Request(prefs_, {Put("b", 0)});
  EXPECT_EQ(CountOf(Apply(by_content)), 1);
  EXPECT_EQ(CountOf(Apply(by_id)), 2);
  EXPECT_EQ(CountOf(Apply(by_content)), 1);
  Delete(prefs_);
  EXPECT_EQ(CountOf(Apply(by_id)), 2);       // still a repeat
  EXPECT_EQ(CountOf(Apply(by_content)), 4);  // written again, and not lost
  EXPECT_THAT(KeysOf(List(prefs_)), ElementsAre("a"));
  EXPECT_EQ(CountOf(Apply(by_content)), 4);
  EXPECT_EQ(Describe(prefs_)->sync_count, SyncCount(4));
}

TEST_P(DatasetStoreContract, ListsDatasetsByNameInPages) {
  for (const char* name : {"b", "B", "a.x", "a"}) Update({identity_, name}, {Put("k", 0)});
  EXPECT_THAT(DatasetNames(identity_), ElementsAre("B", "a", "a.x", "b"));
  const auto page = Wait<DatasetPage>([&](auto done) {
    store_->reads().ListDatasets(identity_, "B", 2, Deadline(), std::move(done));
  });
  EXPECT_THAT(page.datasets, SizeIs(2));
  EXPECT_EQ(page.datasets[0].key.name, "a");
  EXPECT_TRUE(page.more);
}

TEST_P(DatasetStoreContract, IdentitiesAndPoolsDoNotSeeEachOther) {
  const IdentityKey same_id_other_pool = IdentityKey::Of("us-east-1:0b", identity_.identity_id);
  Update(prefs_, {Put("a", 0)});
  EXPECT_EQ(CountOf(Update({same_id_other_pool, "prefs"}, {Put("a", 0)})), 1);
  EXPECT_EQ(Describe(prefs_)->sync_count, SyncCount(1));
  EXPECT_EQ(Usage(same_id_other_pool).datasets, 1);
}

TEST_P(DatasetStoreContract, CountsUsage) {
  Update(prefs_, {Put("a", 0, "12345")});
  Update({identity_, "other"}, {Put("b", 0, "1")});
  Delete({identity_, "other"});
  const std::pair<std::string, std::int64_t> sessions[] = {{identity_.pool_id, 3}};
  EXPECT_TRUE(store_->admin().AddSessions(sessions, Deadline()).ok());
  store_->Settle();
  const IdentityUsage usage = Usage(identity_);
  EXPECT_EQ(usage.datasets, 1);
  EXPECT_EQ(usage.bytes, 6);
  EXPECT_NE(usage.modified_time, std::nullopt);
  const auto pool = Wait<PoolUsage>([&](auto done) {
    store_->reads().DescribePool(identity_.pool_id, Deadline(), std::move(done));
  });
  EXPECT_EQ(pool.bytes, 6);
  EXPECT_EQ(pool.sync_sessions, 3);
  EXPECT_EQ(pool.modified_time, usage.modified_time);
  const std::string ids[] = {"us-east-1:none", identity_.pool_id};
  const auto pools = store_->admin().DescribePools(ids, Deadline());
  ASSERT_TRUE(pools.ok());
  EXPECT_EQ((*pools)[0].bytes, 0);
  EXPECT_EQ((*pools)[1].bytes, 6);
}

TEST_P(DatasetStoreContract, ListsIdentitiesByPrefixInPages) {
  for (const char* id : {"r:1a", "r:1b", "r:2a", "r:1c"}) {
    Update({IdentityKey::Of("us-east-1:0a", id), "d"}, {Put("k", 0)});
  }
  Update({IdentityKey::Of("us-east-1:0b", "r:1d"), "d"}, {Put("k", 0)});
  const auto list = [&](const std::string& prefix, const std::string& after, int limit) {
    return Wait<IdentityPage>([&](auto done) {
      store_->reads().ListIdentities("us-east-1:0a", prefix, after, limit, Deadline(),
                                     std::move(done));
    });
  };
  const IdentityPage page = list("r:1", "", 2);
  ASSERT_THAT(page.identities, SizeIs(2));
  EXPECT_EQ(page.identities[1].identity.identity_id, "r:1b");
  EXPECT_EQ(page.identities[1].datasets, 1);
  EXPECT_TRUE(page.more);
  EXPECT_THAT(list("r:1", "r:1b", 2).identities, SizeIs(1));
  EXPECT_THAT(list("r:%", "", 2).identities, IsEmpty());
}

TEST_P(DatasetStoreContract, LogsEachChangeWholeAndNothingElse) {
  UpdateRequest request = Request(prefs_, {Put("a", 0, "x"), Remove("b", 0)});
  request.origin.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  request.patches[0].device_modified_time = absl::FromUnixMillis(1700000000123);
  const Applied applied = std::get<Applied>(Apply(request));
  Update(prefs_, {Put("a", 9)});
  Delete(prefs_);
  Update(prefs_, {Put("c", 0)});
  const std::vector<LoggedChange> log = store_->Log();
  ASSERT_THAT(log, SizeIs(3));
  EXPECT_EQ(log[0].kind, LoggedChange::Kind::kUpdate);
  EXPECT_EQ(log[0].dataset, prefs_);
  EXPECT_EQ(log[0].pool_number, PoolNumber(7));
  EXPECT_EQ(log[0].time, applied.time);
  EXPECT_EQ(log[0].origin.traceparent, request.origin.traceparent);
  EXPECT_EQ(log[0].origin.device_id, "device");
  EXPECT_EQ(log[0].records, AnswerOf(request, applied));
  EXPECT_EQ(log[1].kind, LoggedChange::Kind::kDelete);
  EXPECT_EQ(log[1].generation, Generation(1));
  EXPECT_EQ(log[1].sync_count, SyncCount(2));
  EXPECT_EQ(log[2].generation, Generation(2));
  EXPECT_EQ(log[2].sync_count, SyncCount(3));
  EXPECT_LT(log[1].position, log[2].position);
}

TEST_P(DatasetStoreContract, TheEndOfTheLogLiesBelowWhatIsCommittedLater) {
  const auto end = [&] {
    return Wait<std::int64_t>(
        [&](auto done) { store_->reads().LogEndPosition(Deadline(), std::move(done)); });
  };
  EXPECT_GE(end(), 0);
  Update(prefs_, {Put("a", 0)});
  const std::int64_t before = end();
  EXPECT_GE(before, store_->Log().back().position);
  Update(prefs_, {Put("a", 1)});
  EXPECT_GT(store_->Log().back().position, before);
}

}  // namespace tidemark::dataset
