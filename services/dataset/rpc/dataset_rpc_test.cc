#include "services/dataset/rpc/dataset_rpc.h"

#include <gmock/gmock.h>

#include <functional>
#include <utility>

#include "common/errors/error.h"
#include "services/dataset/rpc/rpc_fixture.h"

namespace tidemark::dataset {
namespace {

using ::testing::HasSubstr;
namespace reasons = errors::v1;

TEST_F(DatasetRpcTest, ADatasetNeverWrittenGivesAUsableToken) {
  const auto listed = List(ListRequest());
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_FALSE(listed->dataset_exists());
  EXPECT_EQ(listed->dataset_sync_count(), 0);
  EXPECT_FALSE(listed->dataset_deleted_after_requested_sync_count());
  auto request = UpdateRequestOf("a", 0);
  request.set_sync_session_token(listed->sync_session_token());
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->records(0).sync_count(), 1);
  EXPECT_EQ(updated->records(0).last_modified_by(), "123456789012");
}

TEST_F(DatasetRpcTest, TheDeviceIsTheWriterElseTheIdentity) {
  auto request = UpdateRequestOf("a", 0);
  request.set_device_id("phone");
  EXPECT_EQ(Update(request)->records(0).last_modified_by(), "phone");
  caller_ = "identity";
  principal_ = kIdentity;
  EXPECT_EQ(Update(UpdateRequestOf("b", 0))->records(0).last_modified_by(), kIdentity);
}

TEST_F(DatasetRpcTest, PagesArePinnedToTheFirstOne) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(Update(UpdateRequestOf(key, 0)).ok());
  auto request = ListRequest();
  request.set_page_size(2);
  const auto first = List(request);
  ASSERT_TRUE(Update(UpdateRequestOf("c", 3, "new")).ok());
  request.set_page_token(first->next_page_token());
  const auto second = List(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->dataset_sync_count(), 3);
  EXPECT_EQ(second->records_size(), 0);
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(DatasetRpcTest, APageTokenServesOnlyItsOwnList) {
  for (const char* key : {"a", "b"}) ASSERT_TRUE(Update(UpdateRequestOf(key, 0)).ok());
  auto request = ListRequest();
  request.set_page_size(1);
  const std::string token = List(request)->next_page_token();
  request.set_page_token(token + "x");
  EXPECT_EQ(errors::ReasonOf(List(request).status()), reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
  request.set_page_token(token);
  request.set_last_sync_count(1);
  EXPECT_EQ(errors::ReasonOf(List(request).status()), reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
  request.set_last_sync_count(0);
  request.set_dataset_name("other");
  EXPECT_EQ(errors::ReasonOf(List(request).status()), reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
}

TEST_F(DatasetRpcTest, ACountAboveTheDatasetsIsRefusedInAmazonsWords) {
  ASSERT_TRUE(Update(UpdateRequestOf("a", 0)).ok());
  auto request = ListRequest();
  request.set_last_sync_count(2);
  const absl::Status status = List(request).status();
  EXPECT_EQ(errors::ReasonOf(status), reasons::ERROR_REASON_NO_SUCH_SYNC_COUNT);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("No such SyncCount: 2 exists for this Dataset"));
}

TEST_F(DatasetRpcTest, ASessionTokenServesForItsHourAgainAndAgain) {
  auto request = UpdateRequestOf("a", 0);
  const std::string token = request.sync_session_token();
  ASSERT_TRUE(Update(request).ok());
  clock_.Advance(absl::Minutes(59));
  request = UpdateRequestOf("b", 0);
  request.set_sync_session_token(token);
  ASSERT_TRUE(Update(request).ok());
  auto list = ListRequest();
  list.set_sync_session_token(token);
  const auto renewed = List(list);
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  clock_.Advance(absl::Minutes(2));
  request = UpdateRequestOf("c", 0);
  request.set_sync_session_token(token);
  EXPECT_EQ(errors::ReasonOf(Update(request).status()),
            reasons::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID);
  request.set_sync_session_token(renewed->sync_session_token());
  EXPECT_TRUE(Update(request).ok());
}

TEST_F(DatasetRpcTest, ASessionTokenServesItsOwnDatasetAlone) {
  auto request = UpdateRequestOf("a", 0);
  request.set_sync_session_token(Token("other"));
  EXPECT_EQ(errors::ReasonOf(Update(request).status()),
            reasons::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID);
  request.set_sync_session_token("");
  EXPECT_EQ(errors::ReasonOf(Update(request).status()),
            reasons::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID);
}

TEST_F(DatasetRpcTest, ARepeatedRequestIdGetsTheFirstAnswer) {
  auto request = UpdateRequestOf("a", 0);
  request.set_request_id("11111111-2222");
  const auto first = Update(request);
  request.set_sync_session_token(Token());  // a fresh token does not make it another request
  const auto second = Update(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->records(0).SerializeAsString(), first->records(0).SerializeAsString());
  request.mutable_record_patches(0)->set_value("other");
  EXPECT_EQ(errors::ReasonOf(Update(request).status()), reasons::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST_F(DatasetRpcTest, EqualRequestsWithoutAnIdAreRepeats) {
  const auto request = UpdateRequestOf("a", 0);
  ASSERT_TRUE(Update(request).ok());
  EXPECT_TRUE(Update(request).ok());
  EXPECT_EQ(List(ListRequest())->dataset_sync_count(), 1);
}

TEST_F(DatasetRpcTest, NoPatchesChangeNothing) {
  auto request = UpdateRequestOf("a", 0);
  request.clear_record_patches();
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->records_size(), 0);
  EXPECT_FALSE(List(ListRequest())->dataset_exists());
}

TEST_F(DatasetRpcTest, ACountOfADatasetThatIsErasedTellsOfTheDeletion) {
  auto request = ListRequest();
  request.set_last_sync_count(7);
  const auto listed = List(request);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_FALSE(listed->dataset_exists());
  EXPECT_TRUE(listed->dataset_deleted_after_requested_sync_count());
  EXPECT_EQ(listed->dataset_sync_count(), 0);
}

TEST_F(DatasetRpcTest, ALoweredLimitDoesNotShortenWhatIsListed) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(Update(UpdateRequestOf(key, 0)).ok());
  pools_.pools[kPool].limits.keys_per_dataset = 1;
  const auto listed = List(ListRequest());
  EXPECT_EQ(listed->records_size(), 3);
  EXPECT_EQ(listed->next_page_token(), "");
}

TEST_F(DatasetRpcTest, ADeletedPoolIsEmptyForDevelopersAndClosedToIdentities) {
  ASSERT_TRUE(Update(UpdateRequestOf("a", 0)).ok());
  pools_.pools.clear();  // its data waits to be purged
  const auto listed = List(ListRequest());
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->records_size(), 0);
  EXPECT_FALSE(listed->dataset_exists());
  EXPECT_NE(listed->sync_session_token(), "");
  v1::ListDatasetsRequest request;
  request.set_identity_pool_id(kPool);
  request.set_identity_id(kIdentity);
  v1::ListDatasetsResponse response;
  const auto list = [&] {
    return Call(*datasets_, &v1::DatasetService::Stub::ListDatasets, request, &response);
  };
  EXPECT_TRUE(list().ok());
  EXPECT_EQ(response.datasets_size(), 0);
  caller_ = "identity";
  principal_ = kIdentity;
  EXPECT_EQ(errors::ReasonOf(list()), reasons::ERROR_REASON_NOT_AUTHORIZED);
  EXPECT_EQ(errors::ReasonOf(List(ListRequest()).status()), reasons::ERROR_REASON_NOT_AUTHORIZED);
}

TEST_F(DatasetRpcTest, AnUnknownPoolIsNotFoundToWrite) {
  auto request = UpdateRequestOf("a", 0);
  request.set_identity_pool_id("us-east-1:0f");
  EXPECT_EQ(errors::ReasonOf(Update(request).status()), reasons::ERROR_REASON_POOL_NOT_FOUND);
}

TEST_F(DatasetRpcTest, BeforeThePoolsAreKnownNoneIsSaidToBeMissing) {
  const auto request = UpdateRequestOf("a", 0);
  pools_.ready = errors::Error(absl::StatusCode::kUnavailable, reasons::ERROR_REASON_NOT_READY, "");
  const auto pools = std::exchange(pools_.pools, {});
  EXPECT_EQ(errors::ReasonOf(Update(request).status()), reasons::ERROR_REASON_NOT_READY);
  EXPECT_EQ(errors::ReasonOf(List(ListRequest()).status()), reasons::ERROR_REASON_NOT_READY);
  v1::ListIdentityPoolUsageResponse usages;
  EXPECT_EQ(errors::ReasonOf(Call(*datasets_, &v1::DatasetService::Stub::ListIdentityPoolUsage,
                                  v1::ListIdentityPoolUsageRequest(), &usages)),
            reasons::ERROR_REASON_NOT_READY);
  pools_.pools = pools;
  pools_.ready = absl::OkStatus();
  EXPECT_TRUE(Update(request).ok());
}

TEST_F(DatasetRpcTest, AnIdentityReachesItsOwnDataAlone) {
  caller_ = "identity";
  principal_ = "us-east-1:2c";
  EXPECT_EQ(errors::ReasonOf(List(ListRequest()).status()), reasons::ERROR_REASON_NOT_AUTHORIZED);
  v1::ListIdentityPoolUsageResponse response;
  EXPECT_EQ(errors::ReasonOf(Call(*datasets_, &v1::DatasetService::Stub::ListIdentityPoolUsage,
                                  v1::ListIdentityPoolUsageRequest(), &response)),
            reasons::ERROR_REASON_NOT_AUTHORIZED);
}

TEST_F(DatasetRpcTest, LongNamesAreForMergedCopiesThatExist) {
  auto request = UpdateRequestOf("a", 0);
  const std::string name = std::string(128, 'n') + ".us-east-1:2c";
  request.set_dataset_name(name);
  request.set_sync_session_token(Token(name));
  EXPECT_EQ(errors::ReasonOf(Update(request).status()), reasons::ERROR_REASON_DATASET_NOT_FOUND);
}

TEST_F(DatasetRpcTest, DeletingIsToldToThoseWhoMissedIt) {
  ASSERT_TRUE(Update(UpdateRequestOf("a", 0)).ok());
  EXPECT_EQ(Delete("")->dataset().record_count(), 1);
  EXPECT_EQ(errors::ReasonOf(Delete("").status()), reasons::ERROR_REASON_DATASET_NOT_FOUND);
  auto list = ListRequest();
  list.set_last_sync_count(1);
  const auto listed = List(list);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_FALSE(listed->dataset_exists());
  EXPECT_TRUE(listed->dataset_deleted_after_requested_sync_count());
}

TEST_F(DatasetRpcTest, AnEqualUpdateAfterADeletionIsWrittenAgain) {
  const auto update = UpdateRequestOf("a", 0);
  ASSERT_TRUE(Update(update).ok());
  ASSERT_TRUE(Delete("").ok());
  const auto again = Update(update);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->records(0).sync_count(), 3);
  EXPECT_TRUE(List(ListRequest())->dataset_exists());
}

TEST_F(DatasetRpcTest, ADeletionIsARepeatByItsRequestIdAlone) {
  attempt_ = "one-and-the-same";  // names an attempt, for logs
  for (int count = 1; count < 4; count += 2) {
    ASSERT_TRUE(Update(UpdateRequestOf("a", 0)).ok());
    ASSERT_TRUE(Delete("").ok());
    EXPECT_EQ(errors::ReasonOf(Delete("").status()), reasons::ERROR_REASON_DATASET_NOT_FOUND);
    EXPECT_EQ(List(ListRequest())->dataset_sync_count(), count + 1);
  }
  ASSERT_TRUE(Update(UpdateRequestOf("a", 0)).ok());
  const auto first = Delete("id");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Delete("id")->SerializeAsString(), first->SerializeAsString());
  ASSERT_TRUE(Update(UpdateRequestOf("b", 0)).ok());
  const auto late = Delete("id");
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->dataset().sync_count(), first->dataset().sync_count());
  EXPECT_FALSE(late->dataset().has_creation_time());
  EXPECT_TRUE(List(ListRequest())->dataset_exists());
}

TEST_F(DatasetRpcTest, SessionsAreCountedWhenTheyBegin) {
  auto list = ListRequest();
  list.set_sync_session_token(Token());
  ASSERT_TRUE(List(list).ok());
  const auto counts = sessions_.Take();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].second, 1);
}

// Every bound of a write, broken by one: the error names the field, and nothing changes.
struct BadUpdate {
  const char* field;
  std::function<void(v1::UpdateRecordsRequest&)> spoil;
};

class BadUpdateTest : public DatasetRpcTest, public ::testing::WithParamInterface<BadUpdate> {};

TEST_P(BadUpdateTest, IsRefusedNamingTheField) {
  auto request = UpdateRequestOf("a", 0);
  GetParam().spoil(request);
  const absl::Status status = Update(request).status();
  ASSERT_EQ(errors::ReasonOf(status), reasons::ERROR_REASON_INVALID_FIELD) << status;
  EXPECT_EQ(errors::ViolationsOf(status)[0].field, GetParam().field);
  EXPECT_TRUE(store_.Log().empty());
}

v1::RecordPatch& Patch(v1::UpdateRecordsRequest& request) {
  return *request.mutable_record_patches(0);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadUpdateTest,
    ::testing::Values(
        BadUpdate{"identity_pool_id", [](auto& r) { r.set_identity_pool_id("US-EAST-1:0A"); }},
        BadUpdate{"identity_pool_id", [](auto& r) { r.set_identity_pool_id(""); }},
        BadUpdate{"identity_id", [](auto& r) { r.set_identity_id("r:" + std::string(54, 'f')); }},
        BadUpdate{"dataset_name", [](auto& r) { r.set_dataset_name(""); }},
        BadUpdate{"dataset_name", [](auto& r) { r.set_dataset_name(std::string(129, 'n')); }},
        BadUpdate{"dataset_name", [](auto& r) { r.set_dataset_name("a b"); }},
        BadUpdate{"record_patches[0].key", [](auto& r) { Patch(r).set_key(""); }},
        BadUpdate{"record_patches[0].key",
                  [](auto& r) { Patch(r).set_key(std::string(1025, 'k')); }},
        BadUpdate{"record_patches[0].key",
                  [](auto& r) { Patch(r).set_key(std::string("a\0b", 3)); }},
        BadUpdate{"record_patches[0].value",
                  [](auto& r) { Patch(r).set_value(std::string(1'048'576, 'v')); }},
        BadUpdate{"record_patches[0].value", [](auto& r) { Patch(r).clear_value(); }},
        BadUpdate{"record_patches[0].op",
                  [](auto& r) { Patch(r).set_op(v1::RecordPatch::OP_UNSPECIFIED); }},
        BadUpdate{"record_patches[0].sync_count", [](auto& r) { Patch(r).set_sync_count(-1); }},
        BadUpdate{"record_patches[0].device_last_modified_time",
                  [](auto& r) {
                    Patch(r).mutable_device_last_modified_time()->set_nanos(1'000'000'000);
                  }},
        BadUpdate{"record_patches[1].key",
                  [](auto& r) { *r.add_record_patches() = r.record_patches(0); }},
        BadUpdate{"device_id", [](auto& r) { r.set_device_id(std::string(257, 'd')); }},
        BadUpdate{"request_id", [](auto& r) { r.set_request_id(std::string(129, 'r')); }},
        BadUpdate{"client_context",
                  [](auto& r) { r.set_client_context(std::string(4097, 'c')); }}));

}  // namespace
}  // namespace tidemark::dataset
