#include "services/dataset/rpc/admin_rpc.h"

#include <gmock/gmock.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "services/dataset/rpc/rpc_fixture.h"

namespace tidemark::dataset {
namespace {

using ::testing::ElementsAre;
namespace reasons = errors::v1;

class AdminRpcTest : public DatasetRpcTest {
 protected:
  // Writes one record into `name` of `identity_id`.
  void Write(const std::string& identity_id, const std::string& name) {
    auto list = ListRequest(name);
    list.set_identity_id(identity_id);
    auto request = UpdateRequestOf("k", 0);
    request.set_identity_id(identity_id);
    request.set_dataset_name(name);
    request.set_sync_session_token(List(list)->sync_session_token());
    const auto updated = Update(request);
    ASSERT_TRUE(updated.ok()) << updated.status();
  }

  std::vector<std::string> Export(const std::string& resume_token, std::string* last_token) {
    v1::ExportPoolRequest request;
    request.set_identity_pool_id(kPool);
    request.set_resume_token(resume_token);
    grpc::ClientContext context;
    context.AddMetadata("x-tidemark-caller", "developer");
    const auto reader = admin_->ExportPool(&context, request);
    std::vector<std::string> names;
    v1::ExportPoolResponse response;
    while (reader->Read(&response)) {
      EXPECT_EQ(response.snapshot().kind(), change::v1::CHANGE_KIND_SNAPSHOT);
      EXPECT_EQ(response.snapshot().records_size(), 1);
      names.push_back(response.snapshot().dataset_name());
      if (last_token->empty()) *last_token = response.resume_token();
    }
    EXPECT_TRUE(reader->Finish().ok());
    return names;
  }
};

TEST_F(AdminRpcTest, ListsIdentitiesInPages) {
  for (const char* id : {"r:1a", "r:1b", "r:2a"}) Write(id, "d");
  v1::ListIdentitiesRequest request;
  request.set_identity_pool_id(kPool);
  request.set_identity_id_prefix("r:1");
  request.set_page_size(1);
  v1::ListIdentitiesResponse response;
  const auto list = [&] {
    return Call(*admin_, &v1::DatasetAdminService::Stub::ListIdentities, request, &response);
  };
  ASSERT_TRUE(list().ok());
  EXPECT_EQ(response.identities(0).identity_id(), "r:1a");
  request.set_page_token(response.next_page_token());
  ASSERT_TRUE(list().ok());
  EXPECT_EQ(response.identities(0).identity_id(), "r:1b");
  EXPECT_EQ(response.next_page_token(), "");
  request.set_identity_id_prefix("r:2");
  EXPECT_EQ(errors::ReasonOf(list()), reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
}

TEST_F(AdminRpcTest, MergesIdentities) {
  Write("r:1a", "prefs");
  v1::MergeIdentitiesRequest request;
  request.set_identity_pool_id(kPool);
  request.set_winning_identity_id(kIdentity);
  request.set_losing_identity_id("r:1a");
  v1::MergeIdentitiesResponse response;
  const auto merge = [&] {
    return Call(*admin_, &v1::DatasetAdminService::Stub::MergeIdentities, request, &response);
  };
  ASSERT_TRUE(merge().ok());
  EXPECT_EQ(response.merged_datasets(0).dataset_name(), "prefs.r:1a");
  EXPECT_THAT(List(ListRequest())->merged_dataset_names(), ElementsAre("prefs.r:1a"));
  request.set_losing_identity_id(kIdentity);
  EXPECT_EQ(errors::ReasonOf(merge()), reasons::ERROR_REASON_INVALID_FIELD);
}

TEST_F(AdminRpcTest, ErasesAnIdentityWithProof) {
  Write(kIdentity, "prefs");
  v1::EraseIdentityRequest request;
  request.set_identity_pool_id(kPool);
  request.set_identity_id(kIdentity);
  v1::EraseIdentityResponse response;
  ASSERT_TRUE(
      Call(*admin_, &v1::DatasetAdminService::Stub::EraseIdentity, request, &response).ok());
  EXPECT_EQ(response.dataset_count(), 1);
  EXPECT_EQ(response.record_count(), 1);
  EXPECT_EQ(response.change_log_rows(), 2);
  EXPECT_FALSE(List(ListRequest())->dataset_exists());
}

TEST_F(AdminRpcTest, ExportsAPoolAndGoesOnWhereItStopped) {
  for (const char* name : {"a", "b", "c"}) Write(kIdentity, name);
  std::string token;
  EXPECT_THAT(Export("", &token), ElementsAre("a", "b", "c"));
  std::string unused;
  EXPECT_THAT(Export(token, &unused), ElementsAre("b", "c"));
}

TEST_F(AdminRpcTest, AnExportOfNoPoolAndNoShardIsToldBoth) {
  v1::ExportPoolRequest request;
  request.set_identity_pool_id("A");
  request.add_log_shards(256);
  grpc::ClientContext context;
  context.AddMetadata("x-tidemark-caller", "developer");
  const auto reader = admin_->ExportPool(&context, request);
  const auto violations = errors::ViolationsOf(rpc::FromGrpc(reader->Finish()));
  ASSERT_EQ(violations.size(), 2U);
  EXPECT_EQ(violations[0].field, "identity_pool_id");
  EXPECT_EQ(violations[1].field, "log_shards[0]");
}

TEST_F(AdminRpcTest, ExportsALargeDatasetInSeveralMessages) {
  pools_.pools[kPool].limits.bytes_per_dataset = 16'777'216;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(Update(UpdateRequestOf(absl::StrCat(i), 0, std::string(1'000'000, 'v'))).ok());
  }
  Write(kIdentity, "small");
  v1::ExportPoolRequest request;
  request.set_identity_pool_id(kPool);
  grpc::ClientContext context;
  context.AddMetadata("x-tidemark-caller", "developer");
  const auto reader = admin_->ExportPool(&context, request);
  std::set<std::string> keys;
  std::vector<std::string> whole;
  v1::ExportPoolResponse response;
  while (reader->Read(&response)) {
    EXPECT_EQ(response.continues(), response.resume_token().empty());
    EXPECT_LT(response.ByteSizeLong(), 2'000'000U);
    EXPECT_GT(response.snapshot().sync_count(), 0);
    for (const auto& record : response.snapshot().records()) keys.insert(record.key());
    if (!response.continues()) whole.push_back(response.snapshot().dataset_name());
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(keys.size(), 13U);
  EXPECT_THAT(whole, ElementsAre("prefs", "small"));
}

TEST_F(AdminRpcTest, IsForDevelopersAlone) {
  caller_ = "identity";
  principal_ = kIdentity;
  v1::EraseIdentityRequest request;
  request.set_identity_pool_id(kPool);
  request.set_identity_id(kIdentity);
  v1::EraseIdentityResponse response;
  EXPECT_EQ(errors::ReasonOf(
                Call(*admin_, &v1::DatasetAdminService::Stub::EraseIdentity, request, &response)),
            reasons::ERROR_REASON_NOT_AUTHORIZED);
}

}  // namespace
}  // namespace tidemark::dataset
