#include "services/stream_config/rpc/grpc_push_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"

namespace tidemark::stream_config {
namespace {

namespace push_v1 = push::v1;
using ::testing::ElementsAre;

// A push service that answers as it is told.
class FakePushTargetService final : public push_v1::PushTargetService::Service {
 public:
  grpc::Status CheckSettings(grpc::ServerContext* context,
                             const push_v1::CheckSettingsRequest* request,
                             push_v1::CheckSettingsResponse*) override {
    asked = *request;
    for (const auto& [key, value] : context->client_metadata()) {
      if (key == "x-request-id") request_id = std::string(value.data(), value.size());
    }
    return rpc::ToGrpc(answer);
  }

  absl::Status answer;
  push_v1::CheckSettingsRequest asked;
  std::string request_id;
};

class GrpcPushServicesTest : public ::testing::Test {
 protected:
  GrpcPushServicesTest() {
    call_.request_id = "the-request";
    call_.deadline = absl::Now() + absl::Seconds(20);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    push_services_ = std::make_unique<GrpcPushServices>(
        rpc::MakeChannel(absl::StrCat("127.0.0.1:", port)), SystemRandom());
  }

  absl::Status Check(PushServices& push_services) {
    const auto told = std::make_shared<std::promise<absl::Status>>();
    push_services.CheckPush(call_, {{"arn:a", "arn:b"}, "arn:role", "external"},
                            [told](const absl::Status& status) { told->set_value(status); });
    return told->get_future().get();
  }

  FakePushTargetService service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<GrpcPushServices> push_services_;
  rpc::Call call_;
};

TEST_F(GrpcPushServicesTest, AsksOnBehalfOfTheCaller) {
  EXPECT_TRUE(Check(*push_services_).ok());
  EXPECT_THAT(service_.asked.application_arns(), ElementsAre("arn:a", "arn:b"));
  EXPECT_EQ(service_.asked.role_arn(), "arn:role");
  EXPECT_EQ(service_.asked.role_external_id(), "external");
  EXPECT_EQ(service_.request_id, "the-request");
}

TEST_F(GrpcPushServicesTest, WhatThePushServiceFoundIsTheCallersToKnow) {
  for (const auto& [code, reason] : std::vector<std::pair<absl::StatusCode, errors::Reason>>{
           {absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ROLE_NOT_USABLE},
           {absl::StatusCode::kFailedPrecondition,
            errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE},
           {absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE}}) {
    service_.answer = errors::Error(code, reason, "what to do", {{"service", "sns"}});
    EXPECT_EQ(Check(*push_services_), service_.answer);
  }
}

TEST_F(GrpcPushServicesTest, AllElseIsAPushServiceThatCantBeHad) {
  const auto unavailable = [](const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(errors::MetadataOf(status, "service"), "push");
    return errors::ReasonOf(status) == errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE;
  };
  for (const absl::Status& answer :
       {absl::InternalError("a fault"),
        errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY, "soon"),
        errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                      "no")}) {
    service_.answer = answer;
    EXPECT_TRUE(unavailable(Check(*push_services_)));
  }
  GrpcPushServices nowhere(
      grpc::CreateChannel("unix:/nonexistent/socket", grpc::InsecureChannelCredentials()),
      SystemRandom());
  EXPECT_TRUE(unavailable(Check(nowhere)));
}

}  // namespace
}  // namespace tidemark::stream_config
