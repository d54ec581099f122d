#include "services/push/rpc/grpc_neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/rpc/status.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;

class FakeDatasetService final : public dataset::v1::DatasetService::Service {
 public:
  grpc::Status DescribeDataset(grpc::ServerContext* context,
                               const dataset::v1::DescribeDatasetRequest* request,
                               dataset::v1::DescribeDatasetResponse*) override {
    seen = *request;
    for (const char* const key : {"x-tidemark-caller", "x-tidemark-principal"}) {
      const auto found = context->client_metadata().find(key);
      if (found != context->client_metadata().end()) {
        metadata.emplace_back(found->second.data(), found->second.size());
      }
    }
    return rpc::ToGrpc(answer);
  }

  absl::Status answer;
  dataset::v1::DescribeDatasetRequest seen;
  std::vector<std::string> metadata;
};

class FakePoolService final : public stream_config::v1::StreamConfigService::Service {
 public:
  grpc::Status GetPool(grpc::ServerContext*, const stream_config::v1::GetPoolRequest* request,
                       stream_config::v1::GetPoolResponse*) override {
    seen = request->identity_pool_id();
    return rpc::ToGrpc(answer);
  }

  absl::Status answer;
  std::string seen;
};

class GrpcNeighboursTest : public ::testing::Test {
 protected:
  GrpcNeighboursTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&dataset_);
    builder.RegisterService(&pools_);
    server_ = builder.BuildAndStart();
  }

  absl::Status Require(const std::shared_ptr<grpc::Channel>& channel) {
    GrpcDatasets datasets(channel, SystemRandom());
    rpc::Call call;
    call.caller = rpc::CallerKind::kIdentity;
    call.principal = "r:1a";
    call.request_id = "q";
    std::promise<absl::Status> answer;
    datasets.Require(call, IdentityKey::Of("r:0a", "r:1a"), "notes",
                     [&](absl::Status status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }
  absl::Status Require() { return Require(server_->InProcessChannel({})); }

  FakeDatasetService dataset_;
  FakePoolService pools_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(GrpcNeighboursTest, AsksForTheDatasetOnBehalfOfTheCaller) {
  EXPECT_TRUE(Require().ok());
  EXPECT_EQ(dataset_.seen.identity_pool_id(), "r:0a");
  EXPECT_EQ(dataset_.seen.identity_id(), "r:1a");
  EXPECT_EQ(dataset_.seen.dataset_name(), "notes");
  EXPECT_THAT(dataset_.metadata, ::testing::ElementsAre("identity", "r:1a"));
}

TEST_F(GrpcNeighboursTest, OnlyAMissingDatasetIsTheCallersAffair) {
  dataset_.answer =
      errors::Error(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_DATASET_NOT_FOUND, "none",
                    {{"datasetName", "notes"}});
  absl::Status status = Require();
  EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_DATASET_NOT_FOUND);
  EXPECT_EQ(errors::MetadataOf(status, "datasetName"), "notes");
  dataset_.answer = errors::Error(absl::StatusCode::kNotFound,
                                  errors::v1::ERROR_REASON_POOL_NOT_FOUND, "not yet known");
  status = Require();
  EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(errors::MetadataOf(status, "service"), "dataset");
  server_->Shutdown();
  EXPECT_EQ(
      ReasonOf(Require(grpc::CreateChannel("127.0.0.1:1", grpc::InsecureChannelCredentials()))),
      errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
}

TEST_F(GrpcNeighboursTest, KnowsWhichPoolsExist) {
  GrpcPoolList list(server_->InProcessChannel({}), SystemRandom());
  const auto exists = [&] { return list.Exists("r:0a", absl::Now() + absl::Seconds(10)); };
  EXPECT_TRUE(exists().value());
  EXPECT_EQ(pools_.seen, "r:0a");
  pools_.answer =
      errors::Error(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, "none");
  EXPECT_FALSE(exists().value());
  pools_.answer = absl::UnavailableError("away");
  EXPECT_FALSE(exists().ok());
}

}  // namespace
}  // namespace tidemark::push
