#include "common/aws/sns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/stub_transport.h"
#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::SettableClock;

constexpr char kApplication[] = "arn:aws:sns:eu-west-1:1:app/GCM/notes";
constexpr char kEndpoint[] = "arn:aws:sns:eu-west-1:1:endpoint/GCM/notes/e-1";

HttpResponse Answer(const std::string& action, const std::string& result) {
  return {.status = 200,
          .headers = {},
          .body = "<" + action + "Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><" +
                  action + "Result>" + result + "</" + action + "Result></" + action + "Response>"};
}

HttpResponse Refusal(int status, const std::string& code, const std::string& message = "") {
  return {.status = status,
          .headers = {},
          .body =
              "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>"
              "Sender</Type><Code>" +
              code + "</Code><Message>" + message + "</Message></Error></ErrorResponse>"};
}

class SnsTest : public ::testing::Test {
 protected:
  PlatformEndpointResult Create(std::string_view user_data = "") {
    std::optional<PlatformEndpointResult> result;
    client_.CreatePlatformEndpoint(
        {.application_arn = kApplication, .token = "a:b/c", .custom_user_data = user_data}, {},
        [&](PlatformEndpointResult got) { result = std::move(got); });
    return *std::move(result);
  }

  std::optional<CallError> Publish() {
    std::optional<CallError> result = CallError();
    client_.Publish(kEndpoint, R"({"default":"x"})", {},
                    [&](std::optional<CallError> got) { result = std::move(got); });
    return result;
  }

  PlatformApplicationResult Describe() {
    std::optional<PlatformApplicationResult> result;
    client_.GetPlatformApplicationAttributes(
        kApplication, {}, [&](PlatformApplicationResult got) { result = std::move(got); });
    return *std::move(result);
  }

  const HttpRequest& sent() const { return transport_.requests.back(); }

  SettableClock clock_;
  StubTransport transport_;
  SnsClient client_{"eu-west-1", Endpoint::OfAws("sns", "eu-west-1"), transport_,
                    std::make_shared<StaticCredentials>(
                        Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                    clock_};
};

TEST_F(SnsTest, CreatesAnEndpoint) {
  transport_.answer =
      Answer("CreatePlatformEndpoint", std::string("<EndpointArn>") + kEndpoint + "</EndpointArn>");
  const PlatformEndpointResult result = Create();
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(result.endpoint_arn, kEndpoint);
  EXPECT_FALSE(result.existing);
  EXPECT_EQ(sent().endpoint.Url(), "https://sns.eu-west-1.amazonaws.com");
  EXPECT_EQ(sent().body,
            "Action=CreatePlatformEndpoint&Version=2010-03-31&PlatformApplicationArn="
            "arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Aapp%2FGCM%2Fnotes&Token=a%3Ab%2Fc");
  EXPECT_THAT(std::string(FindHeader(sent().headers, "authorization")), HasSubstr("/sns/"));
  Create("pool 1");
  EXPECT_THAT(sent().body, HasSubstr("&CustomUserData=pool+1"));
}

TEST_F(SnsTest, TakesTheEndpointThatHasTheTokenAlready) {
  transport_.answer =
      Refusal(400, "InvalidParameter",
              std::string("Invalid parameter: Token Reason: Endpoint ") + kEndpoint +
                  " already exists with the same Token, but different attributes.");
  const PlatformEndpointResult result = Create();
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(result.endpoint_arn, kEndpoint);
  EXPECT_TRUE(result.existing);
}

TEST_F(SnsTest, OtherRefusalsOfATokenAreErrors) {
  const std::string exists =
      std::string("Endpoint ") + kEndpoint + " already exists with the same Token";
  for (const HttpResponse& refusal :
       {Refusal(400, "InvalidParameter", "Invalid parameter: Token Reason: iOS device tokens must"),
        Refusal(400, "InvalidParameter", std::string("Endpoint ") + kEndpoint),
        Refusal(400, "InvalidParameter", std::string("Endpoint ") + kEndpoint + " is odd"),
        Refusal(400, "InvalidParameter", "Endpoint e-1 already exists with the same Token"),
        Refusal(403, "AuthorizationError", exists)}) {
    transport_.answer = refusal;
    const PlatformEndpointResult result = Create();
    ASSERT_TRUE(result.error) << refusal.body;
    EXPECT_EQ(result.error->error_class, ErrorClass::kPermanent);
    EXPECT_EQ(result.endpoint_arn, "");
  }
}

TEST_F(SnsTest, AnAnswerWithoutAnEndpointIsTransient) {
  for (const HttpResponse& answer :
       {HttpResponse{.status = 200, .headers = {}, .body = "<html/>"},
        Answer("CreatePlatformEndpoint", ""), Answer("Other", "<EndpointArn>x</EndpointArn>")}) {
    transport_.answer = answer;
    const PlatformEndpointResult result = Create();
    ASSERT_TRUE(result.error) << answer.body;
    EXPECT_EQ(result.error->error_class, ErrorClass::kTransient);
  }
}

TEST_F(SnsTest, SetsAnEndpointsAttributes) {
  std::optional<CallError> error = CallError();
  const auto set = [&](const EndpointAttributes& attributes) {
    client_.SetEndpointAttributes(kEndpoint, attributes, {},
                                  [&](std::optional<CallError> got) { error = std::move(got); });
  };
  set({.token = "t+1", .custom_user_data = ""});
  EXPECT_FALSE(error);
  EXPECT_EQ(sent().body,
            "Action=SetEndpointAttributes&Version=2010-03-31"
            "&EndpointArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Aendpoint%2FGCM%2Fnotes%2Fe-1"
            "&Attributes.entry.1.key=Token&Attributes.entry.1.value=t%2B1"
            "&Attributes.entry.2.key=Enabled&Attributes.entry.2.value=true");
  set({.token = "t", .custom_user_data = "u", .enabled = false});
  EXPECT_THAT(sent().body, HasSubstr("&Attributes.entry.2.value=false"
                                     "&Attributes.entry.3.key=CustomUserData"
                                     "&Attributes.entry.3.value=u"));
  transport_.answer = Refusal(404, "NotFound", "Endpoint does not exist");
  set({.token = "t", .custom_user_data = ""});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error_class, ErrorClass::kOff);
  EXPECT_EQ(error->code, "NotFound");
}

TEST_F(SnsTest, PublishesToAnEndpoint) {
  transport_.answer = Answer("Publish", "<MessageId>m</MessageId>");
  EXPECT_FALSE(Publish());
  EXPECT_EQ(sent().body,
            "Action=Publish&Version=2010-03-31"
            "&TargetArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Aendpoint%2FGCM%2Fnotes%2Fe-1"
            "&MessageStructure=json&Message=%7B%22default%22%3A%22x%22%7D");
}

TEST_F(SnsTest, TellsAnEndpointThatIsOffFromOtherErrors) {
  const auto publish = [this](int status, const char* code) {
    transport_.answer = Refusal(status, code);
    return Publish()->error_class;
  };
  EXPECT_EQ(publish(400, "EndpointDisabled"), ErrorClass::kOff);
  EXPECT_EQ(publish(404, "NotFound"), ErrorClass::kOff);
  EXPECT_EQ(publish(400, "PlatformApplicationDisabled"), ErrorClass::kOff);
  EXPECT_EQ(publish(400, "InvalidParameter"), ErrorClass::kPermanent);
  EXPECT_EQ(publish(403, "AuthorizationError"), ErrorClass::kPermanent);
  EXPECT_EQ(publish(429, "Throttled"), ErrorClass::kThrottle);
  EXPECT_EQ(publish(500, "InternalError"), ErrorClass::kTransient);
  EXPECT_EQ(publish(403, "ExpiredToken"), ErrorClass::kCredentials);
}

TEST_F(SnsTest, ADeletedEndpointIsNotFoundHoweverAwsSaysIt) {
  transport_.answer = Refusal(400, "InvalidParameter",
                              "Invalid parameter: TargetArn Reason: No endpoint found for the "
                              "target arn specified");
  const std::optional<CallError> error = Publish();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "NotFound");
  EXPECT_EQ(error->error_class, ErrorClass::kOff);
  EXPECT_EQ(error->http_status, 400);
}

TEST_F(SnsTest, DeletingAnEndpointThatIsNotThereIsNoError) {
  std::optional<CallError> error = CallError();
  const auto remove = [&] {
    client_.DeleteEndpoint(kEndpoint, {},
                           [&](std::optional<CallError> got) { error = std::move(got); });
  };
  remove();
  EXPECT_FALSE(error);
  EXPECT_THAT(sent().body, HasSubstr("Action=DeleteEndpoint&"));
  EXPECT_THAT(sent().body, Not(HasSubstr("Token")));
  transport_.answer = Refusal(404, "NotFound");
  remove();
  EXPECT_FALSE(error);
  transport_.answer = Refusal(403, "AuthorizationError");
  remove();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "AuthorizationError");
}

TEST_F(SnsTest, SaysWhetherAnApplicationIsEnabled) {
  const auto answer = [this](const std::string& entries) {
    transport_.answer =
        Answer("GetPlatformApplicationAttributes", "<Attributes>" + entries + "</Attributes>");
    const PlatformApplicationResult result = Describe();
    EXPECT_FALSE(result.error);
    return result.enabled;
  };
  const std::string other = "<entry><key>EventEndpointCreated</key><value>x</value></entry>";
  EXPECT_TRUE(answer(other));
  EXPECT_TRUE(answer(other + "<entry><key>Enabled</key><value>true</value></entry>"));
  EXPECT_FALSE(answer("<entry><key>Enabled</key><value>false</value></entry>" + other));
  EXPECT_THAT(sent().body, HasSubstr("PlatformApplicationArn=arn"));

  transport_.answer = HttpResponse{.status = 200, .headers = {}, .body = ""};
  EXPECT_EQ(Describe().error->error_class, ErrorClass::kTransient);
  transport_.answer = Refusal(404, "NotFound", "PlatformApplication does not exist");
  EXPECT_EQ(Describe().error->error_class, ErrorClass::kOff);
}

}  // namespace
}  // namespace tidemark::aws
