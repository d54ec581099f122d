#include "services/publisher/rpc/grpc_push_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Keeps what it is told, and finds one device of each platform, and one of a platform to come.
class FakePushService final : public push::v1::PushTargetService::Service {
 public:
  grpc::Status ResolveTargets(grpc::ServerContext*, const push::v1::ResolveTargetsRequest* request,
                              push::v1::ResolveTargetsResponse* response) override {
    asked = *request;
    push::v1::DatasetTargets& first = *response->add_datasets();
    for (const int platform : {1, 2, 3, 4, 99}) {
      push::v1::Target& target = *first.add_targets();
      target.set_device_id(absl::StrCat("d", platform));
      target.set_platform(static_cast<push::v1::Platform>(platform));
      target.set_endpoint_arn(absl::StrCat("arn:", platform));
      target.set_registration(platform);
    }
    response->add_datasets();
    return grpc::Status::OK;
  }
  grpc::Status ReportEndpoints(grpc::ServerContext*,
                               const push::v1::ReportEndpointsRequest* request,
                               push::v1::ReportEndpointsResponse*) override {
    told = *request;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "no database");
  }

  push::v1::ResolveTargetsRequest asked;
  push::v1::ReportEndpointsRequest told;
};

class GrpcPushTargetsTest : public ::testing::Test {
 protected:
  GrpcPushTargetsTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    channel_ = rpc::MakeChannel(absl::StrCat("127.0.0.1:", port));
    targets_.emplace(channel_, SystemRandom());
  }
  // The channel must not end in the thread that handles an answer.
  ~GrpcPushTargetsTest() override {
    targets_.reset();
    EXPECT_EQ(channel_.use_count(), 1);
  }

  FakePushService service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::optional<GrpcPushTargets> targets_;
};

TEST_F(GrpcPushTargetsTest, FindsTheDevicesOfEachDataset) {
  std::promise<absl::StatusOr<std::vector<std::vector<PushTarget>>>> answer;
  targets_->Find({{"pool", "who", "prefs", "phone"}, {"pool", "who", "other", ""}},
                 [&answer](auto found) { answer.set_value(std::move(found)); });
  const auto found = answer.get_future().get();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found,
              ElementsAre(ElementsAre(PushTarget{"d1", PushPlatform::kApns, "arn:1", 1},
                                      PushTarget{"d2", PushPlatform::kApnsSandbox, "arn:2", 2},
                                      PushTarget{"d3", PushPlatform::kGcm, "arn:3", 3},
                                      PushTarget{"d4", PushPlatform::kAdm, "arn:4", 4}),
                          IsEmpty()));
  ASSERT_EQ(service_.asked.datasets_size(), 2);
  EXPECT_EQ(service_.asked.datasets(0).identity_pool_id(), "pool");
  EXPECT_EQ(service_.asked.datasets(0).identity_id(), "who");
  EXPECT_EQ(service_.asked.datasets(0).dataset_name(), "prefs");
  EXPECT_EQ(service_.asked.datasets(0).writer_device_id(), "phone");
  EXPECT_EQ(service_.asked.datasets(1).writer_device_id(), "");
}

TEST_F(GrpcPushTargetsTest, TellsOfEndpointsAndOfFailures) {
  std::promise<absl::Status> answer;
  targets_->Tell({{"pool", "who", "phone", 7, true}, {"pool", "who", "pad", 8, false}},
                 [&answer](absl::Status status) { answer.set_value(std::move(status)); });
  EXPECT_EQ(answer.get_future().get().code(), absl::StatusCode::kUnavailable);
  ASSERT_EQ(service_.told.reports_size(), 2);
  EXPECT_EQ(service_.told.reports(0).device_id(), "phone");
  EXPECT_EQ(service_.told.reports(0).registration(), 7);
  EXPECT_EQ(service_.told.reports(0).state(), push::v1::ENDPOINT_STATE_GONE);
  EXPECT_EQ(service_.told.reports(1).state(), push::v1::ENDPOINT_STATE_DISABLED);
}

TEST(PushPoolsTest, ThoseWithApplicationsHavePush) {
  pools::Pool with;
  with.set_identity_pool_id("us-east-1:1");
  with.set_pool_number(1);
  with.set_role_external_id("external");
  with.mutable_push()->add_application_arns("arn");
  with.mutable_push()->set_role_arn("role");
  pools::Pool without = with;
  without.set_identity_pool_id("us-east-1:2");
  without.set_pool_number(2);
  without.mutable_push()->clear_application_arns();
  pools::PoolDirectory directory;
  directory.Replace({with, without});
  EXPECT_THAT(PushPoolsOf(*directory.Snapshot()),
              ElementsAre(PushPool{1, "us-east-1:1", "role", "external"}));
}

}  // namespace
}  // namespace tidemark::publisher
