#include "services/dataset/domain/identity_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors/error.h"
#include "services/dataset/domain/checks.h"

namespace tidemark::dataset {

bool operator==(const MergeStep& a, const MergeStep& b) {
  return a.from == b.from && a.to == b.to && a.merged_into == b.merged_into;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const MergeDataset kLive{.live = true, .merged_into = ""};
const MergeDataset kDeleted{.live = false, .merged_into = ""};

MergeRequest Request() {
  MergeRequest request;
  request.winner = IdentityKey::Of("p:1", "r:1a");
  request.loser = IdentityKey::Of("p:1", "r:2b");
  return request;
}

TEST(PlanMergeTest, NamesCopiesAfterTheirDatasetAndWhoseItWas) {
  const MergeDatasets losers = {
      {"a", kLive}, {"b.r:3c", {.live = true, .merged_into = "b"}}, {"gone", kDeleted}};
  const auto steps = PlanMerge(Request(), losers, {}, {});
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_THAT(*steps,
              ElementsAre(MergeStep{"a", "a.r:2b", "a"}, MergeStep{"b.r:3c", "b.r:3c", "b"}));
}

TEST(PlanMergeTest, TakesAnotherNameThanWhatIsLiveOrPlanned) {
  const MergeDatasets losers = {{"a", kLive}, {"a.r:2b", {.live = true, .merged_into = "a"}}};
  const MergeDatasets winners = {{"a.r:2b", kLive}, {"a.r:2b-2", kDeleted}, {"a.r:2b-3", kLive}};
  const auto steps = PlanMerge(Request(), losers, winners, {3, 3});
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_THAT(*steps,
              ElementsAre(MergeStep{"a", "a.r:2b-2", "a"}, MergeStep{"a.r:2b", "a.r:2b-4", "a"}));
}

TEST(PlanMergeTest, ANameAtItsLongestStaysAName) {
  const std::string name(kMaxNameBytes, 'n');
  const auto steps = PlanMerge(Request(), {{name, kLive}}, {{name + ".r:2b", kLive}}, {1, 1});
  ASSERT_TRUE(steps.ok()) << steps.status();
  errors::Violations violations;
  CheckDatasetName("name", steps->front().to, violations);
  EXPECT_TRUE(violations.empty()) << steps->front().to;
}

TEST(PlanMergeTest, RefusesWhatHasNoFreeName) {
  MergeRequest request = Request();
  request.loser = IdentityKey::Of("p:1", "r:" + std::string(53, 'f'));
  const std::string name(kMaxNameBytes, 'n');
  const std::string wanted = name + "." + request.loser.identity_id;
  const auto steps = PlanMerge(request, {{name, kLive}}, {{wanted, kLive}}, {1, 1});
  EXPECT_EQ(errors::ReasonOf(steps.status()), errors::v1::ERROR_REASON_LIMIT_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(steps.status(), "datasetName"), wanted);
}

TEST(PlanMergeTest, CountsCopiesTowardTheLimits) {
  MergeRequest request = Request();
  request.limits = {.datasets_per_identity = 2, .dataset_names_per_identity = 3};
  const MergeDatasets losers = {{"a", kLive}};
  EXPECT_TRUE(PlanMerge(request, losers, {}, {1, 2}).ok());
  EXPECT_EQ(errors::MetadataOf(PlanMerge(request, losers, {}, {2, 2}).status(), "limit"),
            "datasets");
  EXPECT_EQ(errors::MetadataOf(PlanMerge(request, losers, {}, {1, 3}).status(), "limit"),
            "dataset_names");
  EXPECT_TRUE(PlanMerge(request, losers, {{"a.r:2b", kDeleted}}, {1, 3}).ok());
  EXPECT_THAT(*PlanMerge(request, {{"a", kDeleted}}, {}, {9, 9}), IsEmpty());
}

}  // namespace
}  // namespace tidemark::dataset
