#include "services/publisher/engine/sns_push_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/aws/credentials.h"
#include "common/aws/endpoint.h"
#include "common/aws/stub_transport.h"
#include "common/base/clock.h"

namespace tidemark::publisher {
namespace {

aws::CallError Error(aws::ErrorClass error_class, std::string code) {
  return {.error_class = error_class, .http_status = 400, .code = std::move(code)};
}

TEST(PushEndTest, EndpointsThatAreOffAreToldApart) {
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kOff, "EndpointDisabled")), PushEnd::kDisabled);
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kOff, "NotFound")), PushEnd::kGone);
}

TEST(PushEndTest, SettingsThatAreWrongAreAnOperatorsAndMessagesNobodys) {
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kOff, "PlatformApplicationDisabled")),
            PushEnd::kRefused)
      << "of one platform: the others' pushes go on";
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kOff, "")), PushEnd::kDenied) << "the role refuses";
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kPermanent, "AuthorizationError")), PushEnd::kDenied);
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kPermanent, "InvalidParameter")), PushEnd::kRefused);
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kPermanent, "ParameterValueInvalid")),
            PushEnd::kRefused);
}

TEST(SnsPushSenderTest, PublishesToTheEndpointAndTellsHowItWent) {
  aws::StubTransport transport;
  transport.answer =
      aws::HttpResponse{.status = 400,
                        .headers = {},
                        .body =
                            "<ErrorResponse><Error><Type>Sender</Type><Code>EndpointDisabled</Code>"
                            "<Message>Endpoint is disabled</Message></Error></ErrorResponse>"};
  const auto keys = std::make_shared<aws::StaticCredentials>(
      aws::Credentials{"id", Secret("secret"), Secret(), absl::InfiniteFuture()});
  SnsPushSender sender(aws::SnsClient("us-east-1", aws::Endpoint::Parse("http://sns:1").value(),
                                      transport, keys, SystemClock()),
                       nullptr, absl::Seconds(5));
  std::optional<PushSender::Answer> answer;
  sender.Send({.pool_number = 1, .pool_id = "pool"}, "arn:endpoint", R"({"default":"x"})",
              [&answer](PushSender::Answer got) { answer = std::move(got); });
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->end, PushEnd::kDisabled);
  EXPECT_THAT(answer->error, ::testing::HasSubstr("Endpoint is disabled"));
  ASSERT_EQ(transport.requests.size(), 1U);
  EXPECT_THAT(transport.requests[0].body, ::testing::HasSubstr("TargetArn=arn%3Aendpoint"));
  EXPECT_EQ(transport.timeouts_of[0].total, absl::Seconds(5));
}

TEST(PushEndTest, OtherFailuresAreTriedAgain) {
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kTransient, "InternalError")), PushEnd::kTransient);
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kCredentials, "ExpiredToken")), PushEnd::kTransient);
  EXPECT_EQ(PushEndOf(Error(aws::ErrorClass::kThrottle, "Throttled")), PushEnd::kThrottled);
}

}  // namespace
}  // namespace tidemark::publisher
