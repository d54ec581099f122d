#include "services/stream_config/rpc/grpc_datasets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/rpc/status.h"

namespace tidemark::stream_config {
namespace {

namespace dataset_v1 = dataset::v1;

// What a dataset service that answers as it is told has been asked.
class FakeService final : public dataset_v1::ChangeLogService::Service,
                          public dataset_v1::DatasetAdminService::Service {
 public:
  grpc::Status GetEndPosition(grpc::ServerContext* context,
                              const dataset_v1::GetEndPositionRequest*,
                              dataset_v1::GetEndPositionResponse* response) override {
    Note(*context);
    response->set_position(42);
    return rpc::ToGrpc(answer);
  }
  grpc::Status PurgePool(grpc::ServerContext* context, const dataset_v1::PurgePoolRequest* request,
                         dataset_v1::PurgePoolResponse*) override {
    Note(*context);
    purge = *request;
    return rpc::ToGrpc(answer);
  }

  absl::Status answer;
  dataset_v1::PurgePoolRequest purge;
  std::string request_id;
  std::string principal;

 private:
  void Note(const grpc::ServerContext& context) {
    for (const auto& [key, value] : context.client_metadata()) {
      if (key == "x-request-id") request_id = std::string(value.data(), value.size());
      if (key == "x-tidemark-principal") principal = std::string(value.data(), value.size());
    }
  }
};

class GrpcDatasetsTest : public ::testing::Test {
 protected:
  GrpcDatasetsTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(static_cast<dataset_v1::ChangeLogService::Service*>(&service_));
    builder.RegisterService(static_cast<dataset_v1::DatasetAdminService::Service*>(&service_));
    server_ = builder.BuildAndStart();
    datasets_ = std::make_unique<GrpcDatasets>(server_->InProcessChannel({}), SystemRandom());
    call_.request_id = "the-request";
    call_.principal = "somebody";
    call_.deadline = absl::Now() + absl::Seconds(20);
  }

  FakeService service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<GrpcDatasets> datasets_;
  rpc::Call call_;
};

TEST_F(GrpcDatasetsTest, AsksForTheEndOnBehalfOfTheCaller) {
  EXPECT_EQ(datasets_->EndPosition(call_).value(), Position(42));
  EXPECT_EQ(service_.request_id, "the-request");
  EXPECT_EQ(service_.principal, "somebody");
}

TEST_F(GrpcDatasetsTest, ChecksOnBehalfOfTheCallerAndPurgesByItself) {
  EXPECT_TRUE(datasets_->CheckEmpty(call_, "r:1").ok());
  EXPECT_EQ(service_.purge.identity_pool_id(), "r:1");
  EXPECT_FALSE(service_.purge.force());
  EXPECT_EQ(service_.principal, "somebody");
  EXPECT_TRUE(datasets_->Purge("r:2", absl::Now() + absl::Seconds(20)).ok());
  EXPECT_EQ(service_.purge.identity_pool_id(), "r:2");
  EXPECT_TRUE(service_.purge.force());
  EXPECT_EQ(service_.principal, "tidemark-stream-config");
}

TEST_F(GrpcDatasetsTest, APoolWithDataIsTheCallersToKnow) {
  service_.answer = errors::Error(absl::StatusCode::kFailedPrecondition,
                                  errors::v1::ERROR_REASON_POOL_NOT_EMPTY, "holds data");
  EXPECT_EQ(datasets_->CheckEmpty(call_, "r:1"), service_.answer);
}

TEST_F(GrpcDatasetsTest, AllElseIsAServiceThatCantBeHad) {
  for (const absl::Status& answer :
       {errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE,
                      "no database"),
        absl::InternalError("a fault"),
        errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                      "no")}) {
    service_.answer = answer;
    for (const absl::Status& status :
         {datasets_->EndPosition(call_).status(), datasets_->CheckEmpty(call_, "r:1")}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
      EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
      EXPECT_EQ(errors::MetadataOf(status, "service"), "dataset");
    }
  }
}

TEST_F(GrpcDatasetsTest, AServiceThatIsNotThereIsUnavailableAtOnce) {
  GrpcDatasets nowhere(
      grpc::CreateChannel("unix:/nonexistent/socket", grpc::InsecureChannelCredentials()),
      SystemRandom());
  const absl::Status status = nowhere.EndPosition(call_).status();
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
}

}  // namespace
}  // namespace tidemark::stream_config
