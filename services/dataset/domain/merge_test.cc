#include "services/dataset/domain/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors/error.h"

namespace tidemark::dataset {
namespace {

using ::testing::ElementsAre;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1000);

RecordPatch Put(std::string key, std::int64_t expected, std::string value = "v") {
  return {std::move(key), std::move(value), SyncCount(expected), std::nullopt};
}
RecordPatch Remove(std::string key, std::int64_t expected) {
  return {std::move(key), std::nullopt, SyncCount(expected), std::nullopt};
}

// A dataset that updates and deletions are applied to, as a store would.
class MergeTest : public ::testing::Test {
 protected:
  UpdateOutcome Update(std::vector<RecordPatch> patches, absl::Time now = kNow) {
    return Apply(Request(std::move(patches)), now);
  }

  UpdateRequest Request(std::vector<RecordPatch> patches) {
    UpdateRequest request;
    request.dataset = key_;
    request.limits = limits_;
    request.patches = std::move(patches);
    request.origin.modified_by = "device";
    request.identity = {{++requests_, 0}, {requests_, 1}};
    return request;
  }

  UpdateOutcome Apply(const UpdateRequest& request, absl::Time now = kNow) {
    DatasetState created;
    UpdateOutcome outcome =
        ApplyUpdate(request, now, state_ ? &*state_ : nullptr, counts_, created);
    if (!state_ && std::holds_alternative<Applied>(outcome)) state_ = std::move(created);
    return outcome;
  }

  DeleteOutcome Delete() {
    DeleteRequest request;
    request.dataset = key_;
    request.origin.modified_by = "device";
    request.identity = RequestIdentity{{++requests_, 0}, {requests_, 2}};
    return ApplyDelete(request, kNow, state_ ? &*state_ : nullptr, counts_);
  }

  DatasetKey key_{IdentityKey::Of("p:1", "p:2"), "prefs"};
  Limits limits_;
  IdentityCounts counts_;
  std::optional<DatasetState> state_;
  std::uint64_t requests_ = 0;
};

TEST_F(MergeTest, FirstUpdateCreatesTheDatasetWithCountOne) {
  EXPECT_EQ(Update({Put("a", 0), Put("b", 0)}), UpdateOutcome(Applied{SyncCount(1), kNow}));
  EXPECT_EQ(state_->info.generation, Generation(1));
  EXPECT_EQ(state_->info.live_records, 2);
  EXPECT_EQ(state_->info.bytes, 4);
  EXPECT_EQ(counts_.live_datasets, 1);
  EXPECT_EQ(state_->records.at("b").sync_count, SyncCount(1));
}

TEST_F(MergeTest, EachUpdateRaisesTheCountByOneHoweverManyPatches) {
  Update({Put("a", 0)});
  EXPECT_EQ(Update({Put("a", 1), Put("b", 0), Put("c", 0)}),
            UpdateOutcome(Applied{SyncCount(2), kNow}));
}

TEST_F(MergeTest, OneStalePatchRejectsAllAndChangesNothing) {
  Update({Put("a", 0)});
  Update({Put("a", 1)});
  const UpdateOutcome outcome = Update({Put("a", 1), Put("new", 7), Put("b", 0)});
  ASSERT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_THAT(std::get<Conflict>(outcome).keys,
              ElementsAre(Conflict::Key{"a", SyncCount(2), SyncCount(1)},
                          Conflict::Key{"new", SyncCount(0), SyncCount(7)}));
  EXPECT_EQ(state_->info.sync_count, SyncCount(2));
  EXPECT_FALSE(state_->records.contains("b"));
}

TEST_F(MergeTest, AnEqualValueWithAStaleCountIsAConflict) {
  Update({Put("a", 0, "same")});
  Update({Put("a", 1, "same")});
  EXPECT_TRUE(std::holds_alternative<Conflict>(Update({Put("a", 1, "same")})));
}

TEST_F(MergeTest, RemovingLeavesATombstoneWhoseCountReAddingNeeds) {
  Update({Put("a", 0)});
  Update({Remove("a", 1)});
  EXPECT_EQ(state_->records.at("a").value, std::nullopt);
  EXPECT_EQ(state_->info.live_records, 0);
  EXPECT_EQ(state_->info.bytes, 0);
  EXPECT_TRUE(std::holds_alternative<Conflict>(Update({Put("a", 0)})));
  EXPECT_TRUE(std::holds_alternative<Applied>(Update({Put("a", 2)})));
}

TEST_F(MergeTest, RemovingAKeyThatNeverExistedLeavesATombstone) {
  EXPECT_TRUE(std::holds_alternative<Applied>(Update({Remove("a", 0)})));
  EXPECT_EQ(state_->records.at("a").sync_count, SyncCount(1));
}

TEST_F(MergeTest, ARepeatGetsTheFirstAnswerAndHasNoSecondEffect) {
  const UpdateRequest request = Request({Put("a", 0)});
  Apply(request);
  Update({Put("b", 0)});
  EXPECT_EQ(Apply(request, kNow + absl::Minutes(59)),
            UpdateOutcome(Applied{SyncCount(1), kNow, true}));
  EXPECT_EQ(state_->info.sync_count, SyncCount(2));
}

TEST_F(MergeTest, ARepeatAfterAnHourIsANewRequest) {
  const UpdateRequest request = Request({Put("a", 0)});
  Apply(request);
  EXPECT_TRUE(
      std::holds_alternative<Conflict>(Apply(request, kNow + absl::Hours(1) + absl::Seconds(1))));
}

TEST_F(MergeTest, RemembersTheLastEightRequests) {
  const UpdateRequest request = Request({Put("a", 0)});
  Apply(request);
  for (int i = 1; i < 8; ++i) Update({Put("b" + std::to_string(i), 0)});
  EXPECT_TRUE(std::holds_alternative<Applied>(Apply(request)));
  Update({Put("c", 0)});
  EXPECT_TRUE(std::holds_alternative<Conflict>(Apply(request)));
}

TEST_F(MergeTest, TheSameRequestIdWithOtherContentIsRefused) {
  UpdateRequest request = Request({Put("a", 0)});
  Apply(request);
  request.identity.content = {99, 99};
  EXPECT_EQ(Apply(request), UpdateOutcome(RequestIdReused{}));
}

TEST_F(MergeTest, LimitsRefuseTheUpdateThatWouldPassThem) {
  using Limit = LimitBreach::Limit;
  limits_.records_per_dataset = 2;
  EXPECT_EQ(Update({Put("a", 0), Put("b", 0), Put("c", 0)}),
            UpdateOutcome(LimitBreach{Limit::kRecords, 3, 2}));
  EXPECT_FALSE(state_);
  limits_ = Limits{.bytes_per_dataset = 4};
  EXPECT_EQ(Update({Put("a", 0, "1234")}), UpdateOutcome(LimitBreach{Limit::kBytes, 5, 4}));
  EXPECT_TRUE(std::holds_alternative<Applied>(Update({Put("a", 0, "123")})));
  limits_ = Limits{.keys_per_dataset = 1};
  EXPECT_EQ(Update({Remove("b", 0)}), UpdateOutcome(LimitBreach{Limit::kKeys, 2, 1}));
}

TEST_F(MergeTest, TombstonesDoNotCountTowardRecordsAndBytes) {
  limits_.records_per_dataset = 1;
  Update({Put("a", 0)});
  Update({Remove("a", 1)});
  EXPECT_TRUE(std::holds_alternative<Applied>(Update({Put("b", 0)})));
}

TEST_F(MergeTest, WhatPassesALimitInAnyDatasetIsKnownBeforehand) {
  using Limit = LimitBreach::Limit;
  limits_ = {.records_per_dataset = 2, .bytes_per_dataset = 8, .keys_per_dataset = 3};
  const auto certain = [this](std::vector<RecordPatch> patches) {
    return CertainBreach(Request(std::move(patches)));
  };
  EXPECT_EQ(certain({Put("a", 0), Put("b", 0), Put("c", 1)}), (LimitBreach{Limit::kRecords, 3, 2}));
  EXPECT_EQ(certain({Remove("a", 0), Remove("b", 1), Remove("c", 1), Put("d", 1)}),
            (LimitBreach{Limit::kKeys, 4, 3}));
  EXPECT_EQ(certain({Put("a", 0, "12345678")}), (LimitBreach{Limit::kBytes, 9, 8}));
  // At the limits.
  EXPECT_EQ(certain({Put("a", 0, "123"), Put("b", 0, "123"), Remove("c", 0)}), std::nullopt);
  // In a dataset that was there before the limits.
  EXPECT_EQ(certain({Put("a", 1), Put("b", 1), Put("c", 1)}), std::nullopt);
  EXPECT_EQ(certain({Put("a", 0), Put("b", 0), Put("c", 0), Remove("d", 1), Remove("e", 1),
                     Remove("f", 1)}),
            (LimitBreach{Limit::kKeys, 6, 3}));
  EXPECT_EQ(certain({Put("a", 1, "12345678")}), std::nullopt);
  // A request has no more keys than a dataset, whatever the device says it knows.
  EXPECT_EQ(certain({Put("a", 1), Remove("b", 1), Remove("c", 1)}), std::nullopt);
  EXPECT_EQ(certain({Put("a", 1), Remove("b", 1), Remove("c", 1), Remove("d", 1)}),
            (LimitBreach{Limit::kKeys, 4, 3}));
}

TEST_F(MergeTest, ADatasetAboveALoweredLimitCanStillChangeWithoutGrowing) {
  Update({Put("a", 0), Put("b", 0)});
  limits_.records_per_dataset = 1;
  EXPECT_TRUE(std::holds_alternative<Applied>(Update({Put("a", 1)})));
  EXPECT_TRUE(std::holds_alternative<LimitBreach>(Update({Put("c", 0)})));
}

TEST_F(MergeTest, TheTwentyFirstDatasetIsRefused) {
  counts_.live_datasets = 20;
  EXPECT_EQ(Update({Put("a", 0)}),
            UpdateOutcome(LimitBreach{LimitBreach::Limit::kDatasets, 21, 20}));
}

TEST_F(MergeTest, DeletingTakesACountAndRecreatingGoesOnAboveIt) {
  Update({Put("a", 0)});
  const DeleteOutcome deleted = Delete();
  EXPECT_EQ(deleted.kind, DeleteOutcome::Kind::kDeleted);
  EXPECT_EQ(deleted.dataset.sync_count, SyncCount(2));
  EXPECT_EQ(deleted.dataset.live_records, 1);
  EXPECT_EQ(counts_.live_datasets, 0);
  EXPECT_EQ(Delete().kind, DeleteOutcome::Kind::kNotFound);
  EXPECT_EQ(Update({Put("a", 0)}), UpdateOutcome(Applied{SyncCount(3), kNow}));
  EXPECT_EQ(state_->info.generation, Generation(2));
  EXPECT_EQ(counts_.dataset_names, 1);
}

TEST_F(MergeTest, ARepeatedDeletionGetsTheFirstAnswer) {
  Update({Put("a", 0)});
  DeleteRequest request;
  request.dataset = key_;
  request.identity = RequestIdentity{{77, 0}, {77, 2}};
  const DeleteOutcome first = ApplyDelete(request, kNow, &*state_, counts_);
  const DeleteOutcome second = ApplyDelete(request, kNow + absl::Minutes(1), &*state_, counts_);
  EXPECT_EQ(second.kind, DeleteOutcome::Kind::kReplayed);
  EXPECT_EQ(second.dataset.live_records, first.dataset.live_records);
  EXPECT_EQ(second.dataset.sync_count, first.dataset.sync_count);
  EXPECT_EQ(state_->info.sync_count, SyncCount(2));
}

TEST_F(MergeTest, ADeletionIsToldToClientsThatHadSomethingAndMissedIt) {
  Update({Put("a", 0)});
  Delete();  // at count 2
  EXPECT_FALSE(DeletedAfter(state_->info, SyncCount(0)));
  EXPECT_TRUE(DeletedAfter(state_->info, SyncCount(1)));
  EXPECT_TRUE(DeletedAfter(state_->info, SyncCount(2)));  // absent: JS reads nothing else
  Update({Put("a", 0)});
  EXPECT_FALSE(DeletedAfter(state_->info, SyncCount(0)));
  EXPECT_TRUE(DeletedAfter(state_->info, SyncCount(1)));
  EXPECT_FALSE(DeletedAfter(state_->info, SyncCount(2)));
}

TEST_F(MergeTest, TimesOfADatasetNeverGoBack) {
  Update({Put("a", 0)});
  EXPECT_EQ(Update({Put("a", 1)}, kNow - absl::Minutes(5)),
            UpdateOutcome(Applied{SyncCount(2), kNow}));
}

TEST(OutcomeTest, ConflictsNameAsManyKeysAsFit) {
  Conflict conflict;
  for (int i = 0; i < 1000; ++i) {
    conflict.keys.push_back({std::string(100, 'k'), SyncCount(2), SyncCount(1)});
  }
  const absl::Status status = ToStatus(conflict);
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_EQ(errors::MetadataOf(status, "conflicts"), "1000");
  EXPECT_EQ(errors::MetadataOf(status, "conflict.0.current"), "2");
  EXPECT_EQ(errors::MetadataOf(status, "conflict.999.current"), "");
  EXPECT_LT(errors::ToProto(status).ByteSizeLong(), 8192u - 1024u);
}

TEST(OutcomeTest, KeepsAmazonsWordingOfAConflict) {
  const absl::Status status = ToStatus(Conflict{{{"color", SyncCount(5), SyncCount(4)}}});
  EXPECT_EQ(status.message(), "Current SyncCount for: color is: 5 not: 4");
}

}  // namespace
}  // namespace tidemark::dataset
