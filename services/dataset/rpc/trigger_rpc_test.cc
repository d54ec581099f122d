// UpdateRecords in pools with a sync trigger.
#include <gmock/gmock.h>

#include "common/errors/error.h"
#include "services/dataset/rpc/directory_pools.h"
#include "services/dataset/rpc/rpc_fixture.h"

namespace tidemark::dataset {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kFunction = "arn:aws:lambda:us-east-1:123456789012:function:f";

class TriggerRpcTest : public DatasetRpcTest {
 protected:
  TriggerRpcTest() {
    pools_.pools[kPool].sync_trigger = kFunction;
    caller_ = "identity";
    principal_ = kIdentity;
  }

  static std::vector<std::string> Words(const absl::StatusOr<v1::UpdateRecordsResponse>& response) {
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> words;
    if (!response.ok()) return words;
    for (const v1::Record& record : response->records()) {
      words.push_back(record.key() + "=" + (record.has_value() ? record.value() : "(none)") + "@" +
                      std::to_string(record.sync_count()));
    }
    return words;
  }
};

TEST_F(TriggerRpcTest, IdentitiesUpdatesGoThroughTheFunctionAndDevelopersDoNot) {
  functions_.Set(FakeFunctions::Changing([](json& records) {
    records["a"]["newValue"] = "from f";
    records["own"] = {{"newValue", "x"}, {"op", "replace"}};
  }));
  EXPECT_THAT(Words(Update(UpdateRequestOf("a", 0))), ElementsAre("a=from f@1", "own=x@1"));
  EXPECT_EQ(functions_.calls().front().function, kFunction);
  caller_ = "developer";
  EXPECT_THAT(Words(Update(UpdateRequestOf("a", 1))), ElementsAre("a=v@2"));
  EXPECT_THAT(functions_.calls(), SizeIs(1));
}

TEST_F(TriggerRpcTest, WithoutAFunctionNoneIsAsked) {
  pools_.pools[kPool].sync_trigger.clear();
  EXPECT_THAT(Words(Update(UpdateRequestOf("a", 0))), ElementsAre("a=v@1"));
  EXPECT_THAT(functions_.calls(), IsEmpty());
}

TEST_F(TriggerRpcTest, APatchThatTheFunctionLeavesOutIsAnsweredAsNothingWithCountZero) {
  functions_.Set(FakeFunctions::Changing([](json& records) { records = json::object(); }));
  const auto response = Update(UpdateRequestOf("a", 0));
  EXPECT_THAT(Words(response), ElementsAre("a=(none)@0"));
  EXPECT_TRUE(response->records(0).has_last_modified_time());
  EXPECT_FALSE(List(ListRequest())->dataset_exists());
}

TEST_F(TriggerRpcTest, ItsErrorsNameTheFunctionAndTheFault) {
  functions_.Set(FakeFunctions::Returning(R"({"datasetRecords": {"a": {"op": "keep"}}})"));
  const absl::Status failed = Update(UpdateRequestOf("a", 0)).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(failed), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_EQ(errors::MetadataOf(failed, "function"), kFunction);
  EXPECT_THAT(errors::MetadataOf(failed, "fault"),
              HasSubstr("datasetRecords['a'].op is 'keep'; replace or remove"));
  EXPECT_FALSE(List(ListRequest())->dataset_exists());
}

TEST_F(TriggerRpcTest, ARepeatGetsTheFirstAnswerAlsoWhenThePoolHasNoTriggerAnyMore) {
  functions_.Set(FakeFunctions::Changing([](json& records) { records["a"]["newValue"] = "f"; }));
  const auto request = UpdateRequestOf("a", 0);
  const auto first = Update(request);
  EXPECT_THAT(Words(first), ElementsAre("a=f@1"));
  const auto again = Update(request);
  EXPECT_EQ(again->DebugString(), first->DebugString());
  pools_.pools[kPool].sync_trigger.clear();
  EXPECT_EQ(Update(request)->DebugString(), first->DebugString());
  EXPECT_THAT(functions_.calls(), SizeIs(1));
}

TEST_F(TriggerRpcTest, NothingIsStoredInAPoolThatIsDeletedWhileItsFunctionRuns) {
  functions_.Set(FakeFunctions::Changing([this](json&) { pools_.pools.erase(kPool); }));
  const absl::Status refused = Update(UpdateRequestOf("a", 0)).status();
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  EXPECT_EQ(errors::MetadataOf(refused, "identityPoolId"), kPool);
  EXPECT_THAT(store_.Log(), IsEmpty());
}

TEST_F(TriggerRpcTest, AnUpdateThatBeganBeforeItsFunctionWasSwitchedOffIsStoredAsThatSays) {
  functions_.Set(FakeFunctions::Changing([this](json& records) {
    pools_.pools[kPool].sync_trigger.clear();
    records["a"]["newValue"] = "from f";
  }));
  EXPECT_THAT(Words(Update(UpdateRequestOf("a", 0))), ElementsAre("a=from f@1"));
}

TEST_F(TriggerRpcTest, ThePoolsEventSettingsNameTheFunction) {
  pools::PoolDirectory directory;
  stream_config::v1::Pool pool, without;
  pool.set_identity_pool_id("p:1");
  (*pool.mutable_events()->mutable_functions())["SyncTrigger"] = kFunction;
  without.set_identity_pool_id("p:2");
  directory.Replace({pool, without});
  const DirectoryPools pools(directory);
  EXPECT_EQ(pools.Find("p:1")->sync_trigger, kFunction);
  EXPECT_EQ(pools.Find("p:2")->sync_trigger, "");
}

}  // namespace
}  // namespace tidemark::dataset
