#include "services/stream_config/rpc/stream_config_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "common/errors/error.h"
#include "common/errors/violations.h"
#include "services/stream_config/rpc/testing/rpc_fixture.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(StreamConfigRpcTest, APoolIsMadeWithAllItsSettings) {
  v1::CreatePoolRequest request;
  request.set_identity_pool_id(kPool);
  request.set_display_name("Prod\u00fcktion");
  *request.mutable_stream() = Stream();
  request.mutable_push()->add_application_arns("arn:aws:sns:eu-west-1:123456789012:app/GCM/My.App");
  request.mutable_push()->set_role_arn(kRole);
  (*request.mutable_events()->mutable_functions())["SyncTrigger"] =
      "arn:aws:lambda:eu-west-1:1:function:f";
  request.mutable_limits()->set_records_per_dataset(2048);
  const auto made = Create(request);
  ASSERT_TRUE(made.ok()) << made.status();

  const v1::Pool& pool = made->pool();
  EXPECT_EQ(pool.identity_pool_id(), kPool);
  EXPECT_EQ(pool.display_name(), "Prod\u00fcktion");
  EXPECT_EQ(pool.pool_number(), 1);
  EXPECT_EQ(pool.version(), 1);
  EXPECT_EQ(pool.create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(pool.create_time().nanos(), 123'000'000);
  EXPECT_EQ(pool.stream().stream_name(), "changes");
  EXPECT_EQ(pool.stream().status(), v1::STREAMING_STATUS_ENABLED);
  EXPECT_EQ(pool.stream().epoch(), 1);
  EXPECT_EQ(pool.stream().start_position(), 1000);
  EXPECT_EQ(pool.stream().enabled_time().seconds(), 1'700'000'000);
  EXPECT_EQ(pool.push().application_arns(0), "arn:aws:sns:eu-west-1:123456789012:app/GCM/My.App");
  EXPECT_EQ(pool.events().functions().at("SyncTrigger"), "arn:aws:lambda:eu-west-1:1:function:f");
  EXPECT_EQ(pool.limits().records_per_dataset(), 2048);
  EXPECT_EQ(Get(kPool)->pool().SerializeAsString(), pool.SerializeAsString());
}

TEST_F(StreamConfigRpcTest, WhatWasNeverConfiguredIsUnset) {
  const v1::Pool pool = Make();
  EXPECT_FALSE(pool.has_stream());
  EXPECT_FALSE(pool.has_push());
  EXPECT_FALSE(pool.has_events());
  EXPECT_FALSE(pool.has_limits());
  EXPECT_EQ(datasets_.end_positions(), 0);
}

TEST_F(StreamConfigRpcTest, IdsAreMadeUpInTheRegion) {
  const auto made = Create({});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->pool().identity_pool_id(), StartsWith("eu-west-1:"));
  EXPECT_TRUE(errors::IsId(made->pool().identity_pool_id()));
  EXPECT_NE(Create({})->pool().identity_pool_id(), made->pool().identity_pool_id());
}

TEST_F(StreamConfigRpcTest, APoolKeepsAnExternalIdOfItsOwn) {
  const std::string id = Make().role_external_id();
  EXPECT_THAT(id, ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(SetStream(Stream()).role_external_id(), id);
  EXPECT_EQ(Make("r:1").role_external_id().size(), 32U);
  EXPECT_NE(Make("r:2").role_external_id(), id);
  v1::UpdatePoolRequest request = UpdateOf({"display_name"});
  request.mutable_pool()->set_role_external_id("mine");
  EXPECT_EQ(Update(request)->pool().role_external_id(), id);
}

TEST_F(StreamConfigRpcTest, ARepeatedCreationAnswersTheSamePool) {
  v1::CreatePoolRequest request;
  request.set_display_name("one");
  request.set_request_id("q");
  const auto first = Create(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Create(request)->pool().identity_pool_id(), first->pool().identity_pool_id());

  request.set_display_name("two");
  EXPECT_EQ(ReasonOf(Create(request).status()), errors::v1::ERROR_REASON_REQUEST_ID_REUSED);
  request.set_request_id("");
  request.set_identity_pool_id(first->pool().identity_pool_id());
  const absl::Status exists = Create(request).status();
  EXPECT_EQ(exists.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(exists), errors::v1::ERROR_REASON_POOL_EXISTS);
}

TEST_F(StreamConfigRpcTest, OnlyWhatTheMaskNamesIsChanged) {
  Make();
  SetStream(Stream(v1::STREAMING_STATUS_DISABLED));
  v1::UpdatePoolRequest request = UpdateOf({"display_name", "stream.stream_name"});
  request.mutable_pool()->set_display_name("new");
  request.mutable_pool()->mutable_stream()->set_stream_name("other");
  request.mutable_pool()->mutable_stream()->set_role_arn("not even looked at");
  request.mutable_pool()->mutable_limits()->set_keys_per_dataset(-1);
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->pool().display_name(), "new");
  EXPECT_EQ(updated->pool().stream().stream_name(), "other");
  EXPECT_EQ(updated->pool().stream().role_arn(), kRole);
  EXPECT_FALSE(updated->pool().has_limits());
  EXPECT_EQ(updated->pool().version(), 3);
}

TEST_F(StreamConfigRpcTest, AMessageThatIsNamedAndUnsetIsCleared) {
  v1::CreatePoolRequest create;
  create.set_identity_pool_id(kPool);
  *create.mutable_stream() = Stream();
  create.mutable_push()->set_role_arn(kRole);
  (*create.mutable_events()->mutable_functions())["SyncTrigger"] =
      "arn:aws:lambda:eu-west-1:1:function:f";
  create.mutable_limits()->set_keys_per_dataset(7);
  ASSERT_TRUE(Create(create).ok());
  const auto updated = Update(UpdateOf({"stream", "push", "events", "limits"}));
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->pool().has_stream());
  EXPECT_FALSE(updated->pool().has_push());
  EXPECT_FALSE(updated->pool().has_events());
  EXPECT_FALSE(updated->pool().has_limits());
}

TEST_F(StreamConfigRpcTest, AnEmptyFunctionTakesTheTriggerAway) {
  v1::CreatePoolRequest create;
  create.set_identity_pool_id(kPool);
  (*create.mutable_events()->mutable_functions())["SyncTrigger"] =
      "arn:aws:lambda:eu-west-1:1:function:f";
  ASSERT_TRUE(Create(create).ok());
  v1::UpdatePoolRequest request = UpdateOf({"events"});
  (*request.mutable_pool()->mutable_events()->mutable_functions())["SyncTrigger"] = "";
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->pool().has_events());
}

TEST_F(StreamConfigRpcTest, AChangeToWhatIsThereIsNone) {
  Make();
  const v1::Pool before = SetStream(Stream());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(SetStream(Stream()).SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(datasets_.end_positions(), 1);
}

TEST_F(StreamConfigRpcTest, AnotherVersionThanExpectedIsRefused) {
  Make();
  v1::UpdatePoolRequest request = UpdateOf({"display_name"});
  request.mutable_pool()->set_display_name("new");
  request.set_expected_version(2);
  const absl::Status refused = Update(request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(refused), errors::v1::ERROR_REASON_VERSION_MISMATCH);
  EXPECT_EQ(errors::MetadataOf(refused, "current"), "1");
  EXPECT_EQ(Get(kPool)->pool().display_name(), "");
  request.set_expected_version(1);
  EXPECT_EQ(Update(request)->pool().version(), 2);
}

TEST_F(StreamConfigRpcTest, EnablingWithoutTheDatasetServiceChangesNothing) {
  const std::string before = Make().SerializeAsString();
  datasets_.SetAway(true);
  v1::UpdatePoolRequest request = UpdateOf({"stream"});
  *request.mutable_pool()->mutable_stream() = Stream();
  const absl::Status refused = Update(request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(errors::MetadataOf(refused, "service"), "dataset");
  EXPECT_EQ(Get(kPool)->pool().SerializeAsString(), before);

  // Everything else goes without it.
  request.mutable_pool()->mutable_stream()->set_status(v1::STREAMING_STATUS_DISABLED);
  EXPECT_TRUE(Update(request).ok());
}

// A position read before the race was lost could lie below what another enabling promised.
TEST_F(StreamConfigRpcTest, ALostRaceReadsTheEndOfTheLogAgain) {
  Make();
  int runs = 0;
  datasets_.BeforeEndPosition([this, &runs] {
    if (runs++ > 0) return;
    Pool pool = store_.Get(kPool, absl::InfiniteFuture()).value();
    pool.settings.display_name = "meanwhile";
    ASSERT_TRUE(store_.Replace(pool, absl::InfiniteFuture()).ok());
  });
  const v1::Pool pool = SetStream(Stream());
  EXPECT_EQ(datasets_.end_positions(), 2);
  EXPECT_EQ(pool.display_name(), "meanwhile");
  EXPECT_EQ(pool.stream().status(), v1::STREAMING_STATUS_ENABLED);
  EXPECT_EQ(pool.stream().epoch(), 1);
}

TEST_F(StreamConfigRpcTest, ThePublisherTurnsAStreamOffAndTheUserOnAgain) {
  Make();
  SetStream(Stream());
  v1::DisableStreamRequest request;
  request.set_identity_pool_id(kPool);
  request.set_epoch(1);
  request.set_reason("the stream 'changes' does not exist; create it and enable it here");
  const auto disabled = Disable(request);
  ASSERT_TRUE(disabled.ok()) << disabled.status();
  EXPECT_EQ(disabled->pool().stream().status(), v1::STREAMING_STATUS_DISABLED);
  EXPECT_EQ(disabled->pool().stream().disabled_reason(), request.reason());
  EXPECT_EQ(disabled->pool().version(), 3);

  datasets_.SetEnd(2000);
  const v1::Pool enabled = SetStream(Stream());
  EXPECT_EQ(enabled.stream().epoch(), 2);
  EXPECT_EQ(enabled.stream().start_position(), 2000);
  EXPECT_EQ(enabled.stream().disabled_reason(), "");

  // The publisher's news of the epoch before comes too late.
  const auto late = Disable(request);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->pool().SerializeAsString(), enabled.SerializeAsString());
}

// The role that was refused was replaced while the publisher waited for the answer.
TEST_F(StreamConfigRpcTest, ARefusalOfOldSettingsDoesNotTurnNewOnesOff) {
  Make();
  v1::StreamSettings stream = Stream();
  v1::DisableStreamRequest request;
  request.set_identity_pool_id(kPool);
  request.set_epoch(1);
  request.set_version(SetStream(stream).version());
  request.set_reason("the role is refused");
  stream.set_role_arn(absl::StrCat(kRole, "2"));
  const v1::Pool repaired = SetStream(stream);
  ASSERT_EQ(repaired.stream().epoch(), 1);

  const auto late = Disable(request);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->pool().SerializeAsString(), repaired.SerializeAsString());
  request.set_version(repaired.version());
  EXPECT_EQ(Disable(request)->pool().stream().status(), v1::STREAMING_STATUS_DISABLED);
}

TEST_F(StreamConfigRpcTest, DisablingNeedsAPoolAndAStream) {
  v1::DisableStreamRequest request;
  request.set_identity_pool_id(kPool);
  request.set_epoch(1);
  request.set_reason("x");
  EXPECT_EQ(ReasonOf(Disable(request).status()), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  Make();
  EXPECT_EQ(ReasonOf(Disable(request).status()), errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED);
}

TEST_F(StreamConfigRpcTest, APoolIsDeletedAndPurged) {
  Make();
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  ASSERT_TRUE(Delete(request).ok());
  EXPECT_THAT(datasets_.purged(), ElementsAre(kPool));
  EXPECT_EQ(ReasonOf(Get(kPool).status()), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  EXPECT_EQ(ReasonOf(Delete(request).status()), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  v1::CreatePoolRequest again;
  again.set_identity_pool_id(kPool);
  EXPECT_EQ(ReasonOf(Create(again).status()), errors::v1::ERROR_REASON_POOL_DELETED);
}

TEST_F(StreamConfigRpcTest, APoolWithDataIsDeletedByForceOnly) {
  Make();
  datasets_.SetHoldsData(true);
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  const absl::Status refused = Delete(request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), errors::v1::ERROR_REASON_POOL_NOT_EMPTY);
  EXPECT_TRUE(Get(kPool).ok());
  request.set_force(true);
  EXPECT_TRUE(Delete(request).ok());
}

TEST_F(StreamConfigRpcTest, AnotherVersionIsNeitherPurgedNorDeleted) {
  Make();
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  request.set_force(true);
  request.set_expected_version(7);
  EXPECT_EQ(ReasonOf(Delete(request).status()), errors::v1::ERROR_REASON_VERSION_MISMATCH);
  EXPECT_THAT(datasets_.purged(), IsEmpty());
  EXPECT_TRUE(Get(kPool).ok());
}

// Else an update that came between would save the pool without its data.
TEST_F(StreamConfigRpcTest, DataIsPurgedOnlyOnceThePoolIsGone) {
  Make();
  absl::Status seen;
  datasets_.BeforePurge([&] { seen = store_.Get(kPool, absl::InfiniteFuture()).status(); });
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  request.set_force(true);
  ASSERT_TRUE(Delete(request).ok());
  EXPECT_EQ(ReasonOf(seen), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
}

TEST_F(StreamConfigRpcTest, WithoutTheDatasetServiceNobodyKnowsThatAPoolIsEmpty) {
  Make();
  datasets_.SetAway(true);
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  EXPECT_EQ(ReasonOf(Delete(request).status()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_TRUE(Get(kPool).ok());
  datasets_.SetAway(false);
  EXPECT_TRUE(Delete(request).ok());
}

TEST_F(StreamConfigRpcTest, AForcedDeletionLeavesThePurgeToLaterIfItMust) {
  Make();
  datasets_.SetAway(true);
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  request.set_force(true);
  EXPECT_TRUE(Delete(request).ok());
  EXPECT_FALSE(Get(kPool).ok());
  const auto unpurged = store_.ListUnpurged(absl::InfiniteFuture(), 10, absl::InfiniteFuture());
  EXPECT_THAT(unpurged.value(), ElementsAre(kPool));
}

TEST_F(StreamConfigRpcTest, ADatasetServiceThatHangsDelaysOnlyWhatNeedsIt) {
  std::promise<void> release;
  datasets_.BeforeEndPosition([hang = release.get_future().share()] { hang.wait(); });
  std::vector<std::future<v1::Pool>> waiting;
  for (const char* id : {"r:1", "r:2", "r:3", "r:4"}) {
    Make(id);
    waiting.push_back(
        std::async(std::launch::async, [this, id] { return SetStream(Stream(), id); }));
  }
  auto others = std::async(std::launch::async, [this] { return Get("r:1").ok(); });
  EXPECT_EQ(others.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  release.set_value();
  EXPECT_TRUE(others.get());
}

TEST_F(StreamConfigRpcTest, ListsPoolsByPages) {
  for (const char* id : {"r:3", "r:1", "r:5", "r:2", "r:4"}) Make(id);
  std::vector<std::string> ids;
  std::vector<int> sizes;
  v1::ListPoolsRequest request;
  request.set_page_size(2);
  do {
    const auto page = List(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Pool& pool : page->pools()) ids.push_back(pool.identity_pool_id());
    sizes.push_back(page->pools_size());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("r:1", "r:2", "r:3", "r:4", "r:5"));
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_THAT(List({})->pools(), SizeIs(5));
}

TEST_F(StreamConfigRpcTest, APageOfLargePoolsEndsEarly) {
  constexpr int kPools = 200;
  for (int i = 0; i < kPools; ++i) {
    Creation creation{.pool = {.id = "r:" + std::to_string(1000 + i)}};
    creation.pool.settings.display_name = std::string(30'000, 'x');  // more than a user can
    ASSERT_TRUE(store_.Create(creation, absl::InfiniteFuture()).ok());
  }
  v1::ListPoolsRequest request;
  request.set_page_size(1024);
  int pools = 0;
  int pages = 0;
  do {
    const auto page = List(request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), 4u * 1024 * 1024);
    pools += page->pools_size();
    ++pages;
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(pools, kPools);
  EXPECT_GT(pages, 2);
}

TEST_F(StreamConfigRpcTest, OnlyDevelopersMayDoAnything) {
  Make();
  caller_ = "identity";
  const auto refused = [](const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    return ReasonOf(status) == errors::v1::ERROR_REASON_NOT_AUTHORIZED;
  };
  EXPECT_TRUE(refused(Create({}).status()));
  EXPECT_TRUE(refused(Get(kPool).status()));
  EXPECT_TRUE(refused(List({}).status()));
  EXPECT_TRUE(refused(Update({}).status()));
  EXPECT_TRUE(refused(Delete({}).status()));
  EXPECT_TRUE(refused(Disable({}).status()));
}

}  // namespace
}  // namespace tidemark::stream_config
