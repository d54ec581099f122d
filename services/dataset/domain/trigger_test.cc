#include "services/dataset/domain/trigger.h"

#include <algorithm>
#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/errors/error.h"
#include "services/dataset/domain/merge.h"

namespace tidemark::dataset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1000);

RecordPatch Put(std::string key, std::int64_t expected, std::string value = "v") {
  return {std::move(key), std::move(value), SyncCount(expected), kNow - absl::Hours(1)};
}

Record Held(std::string key, std::optional<std::string> value, std::int64_t count) {
  return {.key = std::move(key),
          .value = std::move(value),
          .sync_count = SyncCount(count),
          .modified_time = kNow - absl::Hours(2),
          .device_modified_time = kNow - absl::Hours(3),
          .modified_by = "other"};
}

UpdateRequest RequestOf(std::vector<RecordPatch> patches) {
  UpdateRequest request;
  request.dataset = {IdentityKey::Of("p:1", "p:2"), "prefs"};
  request.patches = std::move(patches);
  request.origin.modified_by = "device";
  request.identity = {{1, 0}, {1, 1}};
  return request;
}

DatasetView ViewOf(std::vector<Record> records) {
  return {.generation = Generation(1), .records = std::move(records), .repeat = std::nullopt};
}

std::vector<std::string> Words(const std::vector<RecordPatch>& patches) {
  std::vector<std::string> words;
  for (const RecordPatch& patch : patches) {
    words.push_back(patch.key + "=" + patch.value.value_or("(removed)") + "@" +
                    std::to_string(patch.expected.value()));
  }
  return words;
}

TEST(TriggerTest, WhatTheFunctionChangesIsWrittenUnderTheDevicesOwnTime) {
  const UpdateRequest request = RequestOf({Put("a", 3, "A"), Put("b", 0)});
  const TriggerPlan plan =
      PlanOf(request, ViewOf({Held("a", "x", 3)}), {{"a", "a"}, {"b", std::nullopt}}, kNow);
  EXPECT_THAT(Words(plan.patches), ElementsAre("a=a@3", "b=(removed)@0"));
  EXPECT_EQ(plan.patches[0].device_modified_time, request.patches[0].device_modified_time);
  EXPECT_THAT(plan.left_out, IsEmpty());
}

TEST(TriggerTest, APatchThatComesBackAsTheServerHoldsItIsWrittenAllTheSame) {
  const TriggerPlan plan =
      PlanOf(RequestOf({Put("a", 3, "x")}), ViewOf({Held("a", "x", 3)}), {{"a", "x"}}, kNow);
  EXPECT_THAT(Words(plan.patches), ElementsAre("a=x@3"));
}

TEST(TriggerTest, OtherKeysAreWrittenAfterThePatchesIfTheyAreNotWhatTheServerHolds) {
  const DatasetView view =
      ViewOf({Held("a", "x", 1), Held("dead", std::nullopt, 2), Held("gone", std::nullopt, 4),
              Held("same", "s", 5), Held("untouched", "u", 6)});
  const TriggerPlan plan = PlanOf(RequestOf({Put("z", 0)}), view,
                                  {{"a", "y"},
                                   {"dead", "alive"},
                                   {"gone", std::nullopt},
                                   {"never", std::nullopt},
                                   {"new", "n"},
                                   {"same", "s"},
                                   {"z", "v"}},
                                  kNow);
  EXPECT_THAT(Words(plan.patches), ElementsAre("z=v@0", "a=y@1", "dead=alive@2", "new=n@0"));
  EXPECT_EQ(plan.patches[1].device_modified_time, std::nullopt);
}

TEST(TriggerTest, WhatIsLeftOutIsAnsweredInItsPlaceAsTheServerHoldsIt) {
  const UpdateRequest request = RequestOf({Put("new", 0), Put("b", 0), Put("a", 3)});
  const DatasetView view = ViewOf({Held("a", "x", 3)});
  TriggerPlan plan = PlanOf(request, view, {{"b", "v"}, {"c", "c"}}, kNow);
  EXPECT_THAT(Words(plan.patches), ElementsAre("b=v@0", "c=c@0"));
  const std::vector<Record> answer =
      TriggerAnswer({Held("b", "v", 4), Held("c", "c", 4)}, std::move(plan.left_out));
  ASSERT_THAT(answer, SizeIs(4));
  EXPECT_EQ(answer[0].key, "new");
  EXPECT_EQ(answer[0].value, std::nullopt);
  EXPECT_EQ(answer[0].sync_count, SyncCount(0));
  EXPECT_EQ(answer[0].modified_time, kNow);
  EXPECT_EQ(answer[1], Held("b", "v", 4));
  EXPECT_EQ(answer[2], Held("a", "x", 3));
  EXPECT_EQ(answer[3], Held("c", "c", 4));
}

TEST(TriggerTest, ConflictsAreFoundBeforeTheFunctionRuns) {
  const DatasetView view = ViewOf({Held("a", "x", 3), Held("dead", std::nullopt, 2)});
  const Conflict conflict =
      ConflictsWith(RequestOf({Put("a", 3), Put("dead", 0), Put("new", 1)}), view);
  EXPECT_EQ(
      conflict,
      (Conflict{{{"dead", SyncCount(2), SyncCount(0)}, {"new", SyncCount(0), SyncCount(1)}}}));
}

TEST(TriggerTest, ARepeatIsAnsweredFromTheRecordsAsTheyAre) {
  const DatasetView view =
      ViewOf({Held("changed", "now", 9), Held("mine", "f", 7), Held("other", "o", 7),
              Held("vetoed", "old", 2), Held("older", "p", 3)});
  DatasetView sorted = view;
  std::ranges::sort(sorted.records, {}, &Record::key);
  const auto answer = RepeatAnswer(
      RequestOf({Put("vetoed", 2), Put("unknown", 0), Put("mine", 1), Put("changed", 1)}),
      SyncCount(7), sorted, kNow);
  std::vector<std::string> words;
  for (const Record& record : answer) {
    words.push_back(record.key + "@" + std::to_string(record.sync_count.value()));
  }
  EXPECT_THAT(words, ElementsAre("vetoed@2", "unknown@0", "mine@7", "changed@9", "other@7"));
}

TEST(TriggerTest, AConflictOfAnotherLifeSaysSo) {
  const absl::Status life = ToStatus(Conflict{{{"a", SyncCount(0), SyncCount(0)}}});
  EXPECT_EQ(errors::ReasonOf(life), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_THAT(life.message(), HasSubstr("deleted or written anew"));
  EXPECT_EQ(errors::MetadataOf(life, "conflict.0.key"), "a");
  const absl::Status stale =
      ToStatus(Conflict{{{"a", SyncCount(0), SyncCount(0)}, {"b", SyncCount(3), SyncCount(2)}}});
  EXPECT_THAT(stale.message(), HasSubstr("Current SyncCount for: b is: 3 not: 2"));
}

// Any dataset, any update of it, any output of a function: what the dataset holds then, and what is
// answered, against what the contract says of each key by itself.

using Values = std::map<std::string, std::optional<std::string>>;
constexpr int kKeys = 6;

std::string KeyOf(int i) { return std::string(1, static_cast<char>('a' + i)); }

Values AnyValues() {
  Values values;
  for (int i = 0; i < kKeys; ++i) {
    const int pick = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 6));
    if (pick == 0) values[KeyOf(i)] = std::nullopt;
    if (pick == 1) values[KeyOf(i)] = "x";
    if (pick == 2) values[KeyOf(i)] = "y";
  }
  return values;
}

class Case {
 public:
  void Check() {
    Prepare();
    RC_ASSERT(ConflictsWith(request_, view_).keys.empty());
    Commit();
    CheckRecords();
    CheckAnswer();
    DatasetView after = ViewOf({});
    for (const auto& [key, record] : state_.records) after.records.push_back(record);
    RC_ASSERT(RepeatAnswer(request_, count_, after, kNow) == answer_);
  }

 private:
  void Prepare() {
    for (const auto& [key, value] : held_) {
      view_.records.push_back(
          dataset::Held(key, value, static_cast<std::int64_t>(view_.records.size()) + 1));
      state_.records[key] = view_.records.back();
    }
    state_.info.live = true;
    state_.info.generation = view_.generation;
    state_.info.sync_count = SyncCount(static_cast<std::int64_t>(held_.size()));
    count_ = SyncCount(state_.info.sync_count.value() + 1);
    if (patched_.empty()) patched_["a"] = "x";
    for (const auto& [key, value] : patched_) {
      const Record* const record = view_.Find(key);
      request_.patches.push_back(
          {key, value, record == nullptr ? SyncCount(0) : record->sync_count, std::nullopt});
    }
    if (*rc::gen::arbitrary<bool>()) std::ranges::reverse(request_.patches);
  }

  void Commit() {
    TriggerPlan plan = PlanOf(request_, view_, output_, kNow);
    UpdateRequest commit = request_;
    commit.patches = plan.patches;
    commit.seen_generation = view_.generation;
    std::vector<Record> written;
    if (!commit.patches.empty()) {
      IdentityCounts counts{.live_datasets = 1, .dataset_names = 1};
      DatasetState unused;
      const UpdateOutcome outcome = ApplyUpdate(commit, kNow, &state_, counts, unused);
      RC_ASSERT(outcome == UpdateOutcome(Applied{count_, kNow}));
      written = AnswerOf(commit, std::get<Applied>(outcome));
    }
    answer_ = TriggerAnswer(std::move(written), std::move(plan.left_out));
  }

  void CheckRecords() {
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = KeyOf(i);
      const auto before = held_.contains(key) ? held_.at(key) : std::nullopt;
      const bool writes =
          output_.contains(key) && (patched_.contains(key) || output_.at(key) != before);
      if (writes && !patched_.contains(key)) own_.push_back(key);
      const auto found = state_.records.find(key);
      RC_ASSERT((found != state_.records.end()) == (writes || held_.contains(key)));
      if (found == state_.records.end()) continue;
      RC_ASSERT(found->second.value == (writes ? output_.at(key) : before));
      RC_ASSERT((found->second.sync_count == count_) == writes);
    }
  }

  // The patches in their order, then what only the function wrote, each as the dataset holds it.
  void CheckAnswer() {
    std::vector<std::string> keys, answered;
    for (const RecordPatch& patch : request_.patches) keys.push_back(patch.key);
    keys.insert(keys.end(), own_.begin(), own_.end());
    for (const Record& record : answer_) {
      answered.push_back(record.key);
      const auto found = state_.records.find(record.key);
      if (found == state_.records.end()) {
        RC_ASSERT(!record.value && record.sync_count == SyncCount(0));
      } else {
        RC_ASSERT(record == found->second);
      }
    }
    RC_ASSERT(answered == keys);
  }

  const Values held_ = AnyValues();
  Values patched_ = AnyValues();
  const Values output_ = AnyValues();
  UpdateRequest request_ = RequestOf({});
  DatasetView view_ = ViewOf({});
  DatasetState state_;
  SyncCount count_;
  std::vector<Record> answer_;
  std::vector<std::string> own_;  // keys that only the function writes
};

TEST(TriggerTest, AnyOutputGivesWhatTheContractSaysOfEachKey) {
  EXPECT_TRUE(rc::check([] { Case().Check(); }));
}

}  // namespace
}  // namespace tidemark::dataset
