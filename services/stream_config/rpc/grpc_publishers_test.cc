#include "services/stream_config/rpc/grpc_publishers.h"

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

namespace publisher_v1 = publisher::v1;

// A publisher that answers as it is told.
class FakePublisherService final : public publisher_v1::PublisherService::Service {
 public:
  grpc::Status CheckStream(grpc::ServerContext* context,
                           const publisher_v1::CheckStreamRequest* request,
                           publisher_v1::CheckStreamResponse*) override {
    asked = *request;
    for (const auto& [key, value] : context->client_metadata()) {
      if (key == "x-request-id") request_id = std::string(value.data(), value.size());
    }
    return rpc::ToGrpc(answer);
  }

  absl::Status answer;
  publisher_v1::CheckStreamRequest asked;
  std::string request_id;
};

class GrpcPublishersTest : public ::testing::Test {
 protected:
  GrpcPublishersTest() {
    call_.request_id = "the-request";
    call_.deadline = absl::Now() + absl::Seconds(20);
    Serve(service_);
  }

  void Serve(grpc::Service& service) {
    publishers_.reset();
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    publishers_ = std::make_unique<GrpcPublishers>(
        rpc::MakeChannel(absl::StrCat("127.0.0.1:", port)), SystemRandom());
  }

  absl::Status Check(Publishers& publishers) {
    const auto told = std::make_shared<std::promise<absl::Status>>();
    publishers.CheckStream(call_, {"changes", "arn:role", "external"},
                           [told](const absl::Status& status) { told->set_value(status); });
    return told->get_future().get();
  }

  FakePublisherService service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<GrpcPublishers> publishers_;
  rpc::Call call_;
};

TEST_F(GrpcPublishersTest, AsksOnBehalfOfTheCaller) {
  EXPECT_TRUE(Check(*publishers_).ok());
  EXPECT_EQ(service_.asked.stream_name(), "changes");
  EXPECT_EQ(service_.asked.role_arn(), "arn:role");
  EXPECT_EQ(service_.asked.external_id(), "external");
  EXPECT_EQ(service_.request_id, "the-request");
}

TEST_F(GrpcPublishersTest, WhatThePublisherFoundIsTheCallersToKnow) {
  for (const auto& [code, reason] : std::vector<std::pair<absl::StatusCode, errors::Reason>>{
           {absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STREAM_NOT_FOUND},
           {absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE},
           {absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ROLE_NOT_USABLE},
           {absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE}}) {
    service_.answer = errors::Error(code, reason, "what to do", {{"service", "aws"}});
    EXPECT_EQ(Check(*publishers_), service_.answer);
  }
}

TEST_F(GrpcPublishersTest, AllElseIsAPublisherThatCantBeHad) {
  const auto unavailable = [](const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(errors::MetadataOf(status, "service"), "publisher");
    return errors::ReasonOf(status) == errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE;
  };
  for (const absl::Status& answer :
       {absl::InternalError("a fault"),
        errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY, "soon"),
        errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                      "no")}) {
    service_.answer = answer;
    EXPECT_TRUE(unavailable(Check(*publishers_)));
  }
  publisher_v1::PublisherService::Service older;  // which does not know the method
  Serve(older);
  EXPECT_TRUE(unavailable(Check(*publishers_)));
  GrpcPublishers nowhere(
      grpc::CreateChannel("unix:/nonexistent/socket", grpc::InsecureChannelCredentials()),
      SystemRandom());
  EXPECT_TRUE(unavailable(Check(nowhere)));
}

}  // namespace
}  // namespace tidemark::stream_config
