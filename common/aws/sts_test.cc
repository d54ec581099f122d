#include "common/aws/sts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/stub_transport.h"
#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::SettableClock;

constexpr char kCredentials[] = R"(<Credentials><AccessKeyId>ASIAX</AccessKeyId>
<SecretAccessKey>s/+=</SecretAccessKey><SessionToken>t/+=</SessionToken>
<Expiration>2026-01-01T01:00:00Z</Expiration></Credentials>)";

HttpResponse Answer(const std::string& action, const std::string& result) {
  return {.status = 200,
          .headers = {},
          .body = "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" +
                  action + "Result>" + result + "</" + action + "Result></" + action + "Response>"};
}

class StsTest : public ::testing::Test {
 protected:
  CredentialsResult Assume(const AssumeRoleRequest& request = {
                               .role_arn = "arn:aws:iam::1:role/x y",
                               .session_name = "tidemark-1",
                               .external_id = "0af",
                               .duration = absl::Minutes(15)}) {
    std::optional<CredentialsResult> result;
    client_.AssumeRole(request, {}, [&](CredentialsResult got) { result = std::move(got); });
    return *std::move(result);
  }

  const HttpRequest& sent() const { return transport_.requests.back(); }

  SettableClock clock_;
  StubTransport transport_;
  StsClient client_{"eu-west-1", Endpoint::OfAws("sts", "eu-west-1"), transport_,
                    std::make_shared<StaticCredentials>(
                        Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                    clock_};
};

TEST_F(StsTest, AssumesARole) {
  transport_.answer = Answer("AssumeRole", kCredentials);
  EXPECT_EQ(std::get<Credentials>(Assume()),
            (Credentials{"ASIAX", Secret("s/+="), Secret("t/+="),
                         absl::FromUnixSeconds(1767225600 + 3600)}));
  EXPECT_EQ(sent().method, "POST");
  EXPECT_EQ(sent().endpoint.Url(), "https://sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(sent().body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx+y"
            "&RoleSessionName=tidemark-1&ExternalId=0af&DurationSeconds=900");
  EXPECT_THAT(std::string(FindHeader(sent().headers, "authorization")), HasSubstr("/sts/"));
}

TEST_F(StsTest, WithoutAnExternalIdNoneIsSent) {
  Assume({.role_arn = "r", .session_name = "s", .external_id = ""});
  EXPECT_THAT(sent().body, Not(HasSubstr("ExternalId")));
}

TEST_F(StsTest, TheExpiryIsByTheCallersClock) {
  HttpResponse answer = Answer("AssumeRole", kCredentials);
  answer.headers.push_back({"Date", "Thu, 01 Jan 2026 00:20:00 GMT"});  // we are 20 minutes behind
  transport_.answer = answer;
  EXPECT_EQ(std::get<Credentials>(Assume()).expiry, clock_.Now() + absl::Minutes(40));
}

TEST_F(StsTest, TellsARefusingRoleFromItsOwnCredentials) {
  const auto error = [this](const char* code) {
    transport_.answer = HttpResponse{.status = 403,
                                     .headers = {},
                                     .body = std::string("<ErrorResponse><Error><Code>") + code +
                                             "</Code></Error>" + "</ErrorResponse>"};
    return std::get<CallError>(Assume()).error_class;
  };
  EXPECT_EQ(error("AccessDenied"), ErrorClass::kOff);
  EXPECT_EQ(error("InvalidClientTokenId"), ErrorClass::kCredentials);
  EXPECT_EQ(error("SignatureDoesNotMatch"), ErrorClass::kCredentials);
  EXPECT_EQ(error("ExpiredToken"), ErrorClass::kCredentials);
  EXPECT_EQ(error("Throttling"), ErrorClass::kThrottle);
}

TEST_F(StsTest, AnAnswerThatLacksSomethingIsTransient) {
  for (const char* result :
       {"", "<Credentials><AccessKeyId>A</AccessKeyId></Credentials>",
        "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        "<SessionToken>t</SessionToken><Expiration>soon</Expiration></Credentials>"}) {
    transport_.answer = Answer("AssumeRole", result);
    EXPECT_EQ(std::get<CallError>(Assume()).error_class, ErrorClass::kTransient);
  }
}

TEST_F(StsTest, AssumesARoleByAToken) {
  transport_.answer = Answer("AssumeRoleWithWebIdentity", kCredentials);
  std::optional<CredentialsResult> result;
  client_.AssumeRoleWithWebIdentity(
      {.role_arn = "r", .session_name = "s", .token = Secret("e.y.J"), .duration = absl::Hours(1)},
      {}, [&](CredentialsResult got) { result = std::move(got); });
  EXPECT_EQ(std::get<Credentials>(*result).access_key_id, "ASIAX");
  EXPECT_THAT(sent().body, HasSubstr("Action=AssumeRoleWithWebIdentity&"));
  EXPECT_THAT(sent().body, HasSubstr("&WebIdentityToken=e.y.J"));
  EXPECT_EQ(FindHeader(sent().headers, "authorization"), "");
}

TEST_F(StsTest, SaysWhoCalls) {
  const auto ask = [this] {
    std::optional<CallerIdentityResult> result;
    client_.GetCallerIdentity({}, [&](CallerIdentityResult got) { result = std::move(got); });
    return *std::move(result);
  };
  transport_.answer = Answer("GetCallerIdentity",
                             "<Arn>arn:aws:iam::1:user/u</Arn><UserId>U</UserId>"
                             "<Account>1</Account>");
  EXPECT_EQ(std::get<CallerIdentity>(ask()).arn, "arn:aws:iam::1:user/u");
  EXPECT_EQ(std::get<CallerIdentity>(ask()).account, "1");
  EXPECT_EQ(sent().body, "Action=GetCallerIdentity&Version=2011-06-15");
  transport_.answer = HttpResponse{.status = 200, .headers = {}, .body = "{}"};
  EXPECT_EQ(std::get<CallError>(ask()).error_class, ErrorClass::kTransient);
}

}  // namespace
}  // namespace tidemark::aws
