#include "services/push/sns/sns_endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <optional>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/errors/error.h"
#include "common/obs/log.h"
#include "services/push/sns/testing/scripted_sns.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kCreate[] = "CreatePlatformEndpoint";
constexpr char kSet[] = "SetEndpointAttributes";
constexpr char kDelete[] = "DeleteEndpoint";
constexpr char kLook[] = "GetPlatformApplicationAttributes";
constexpr char kAssume[] = "AssumeRole";
constexpr char kApplication[] = "arn:aws:sns:us-east-1:123456789012:app/GCM/app";
constexpr char kArn[] = "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/e";
constexpr char kMade[] =
    "<EndpointArn>arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/e"
    "</EndpointArn>";
constexpr char kToken[] = "tooooken";
constexpr char kRole[] = "arn:aws:iam::123456789012:role/push";
constexpr char kSession[] =
    "<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s"
    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
    "2100-01-01T00:00:00Z</Expiration></Credentials>";

class SnsEndpointsTest : public ::testing::Test {
 protected:
  std::shared_ptr<aws::CredentialsProvider> Base() {
    return std::make_shared<aws::StaticCredentials>(
        aws::Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()});
  }

  absl::StatusOr<std::string> Ensure(const std::string& known_arn = "", Access access = {},
                                     absl::Duration within = absl::Seconds(10)) {
    std::optional<absl::StatusOr<std::string>> result;
    endpoints_.Ensure({.access = std::move(access),
                       .application_arn = kApplication,
                       .token = kToken,
                       .user_data = "r:1/r:a",
                       .known_arn = known_arn},
                      absl::Now() + within, [&](auto got) { result = std::move(got); });
    return result ? *std::move(result) : absl::UnknownError("no callback");
  }

  absl::Status Check(Access access = {}, std::vector<std::string> applications = {kApplication}) {
    std::optional<absl::Status> result;
    endpoints_.Check(access, applications, absl::Now() + absl::Seconds(10),
                     [&](absl::Status got) { result = std::move(got); });
    return result ? *std::move(result) : absl::UnknownError("no callback");
  }

  absl::Status Delete() {
    std::optional<absl::Status> result;
    endpoints_.Delete({}, kArn, absl::Now() + absl::Seconds(10),
                      [&](absl::Status got) { result = std::move(got); });
    return result ? *std::move(result) : absl::UnknownError("no callback");
  }

  std::string Logged() const { return logged_; }

  ScriptedSns aws_;
  prometheus::Registry registry_;
  SnsMetrics metrics_{registry_};
  const aws::StsClient sts_{"us-east-1", aws::Endpoint::OfAws("sts", "us-east-1"), aws_, Base(),
                            SystemClock()};
  aws::RoleCredentials roles_{{.patience = absl::ZeroDuration()},
                              sts_,
                              {.wall = SystemClock(), .boottime = BoottimeClock()},
                              SystemRandom()};
  SnsEndpoints endpoints_{
      {},
      {.sns = aws::SnsClient("us-east-1", aws::Endpoint::OfAws("sns", "us-east-1"), aws_, Base(),
                             SystemClock()),
       .sts = sts_,
       .roles = &roles_,
       .metrics = metrics_}};

 private:
  std::string logged_;
  obs::ScopedLogSink sink_{[this](std::string_view line) { logged_.append(line); }};
};

TEST_F(SnsEndpointsTest, MakesAnEndpointForANewDevice) {
  aws_.Answer(kCreate, kMade);
  EXPECT_EQ(Ensure().value(), kArn);
  EXPECT_THAT(aws_.calls, ElementsAre(kCreate));
  EXPECT_THAT(aws_.bodies[0], HasSubstr("Token=tooooken"));
  EXPECT_THAT(aws_.bodies[0], HasSubstr("CustomUserData=r%3A1%2Fr%3Aa"));
}

TEST_F(SnsEndpointsTest, OneThatSnsHasIsMadeAsWanted) {
  aws_.Fail(kCreate, 400, "InvalidParameter",
            std::string("Invalid parameter: Token Reason: Endpoint ") + kArn +
                " already exists with the same Token, but different attributes.");
  aws_.Answer(kSet);
  EXPECT_EQ(Ensure().value(), kArn);
  EXPECT_THAT(aws_.calls, ElementsAre(kCreate, kSet));
  EXPECT_THAT(aws_.bodies[1], HasSubstr("Enabled&Attributes.entry.2.value=true"));
  EXPECT_THAT(aws_.bodies[1], HasSubstr("=tooooken"));
}

TEST_F(SnsEndpointsTest, AKnownOneIsRenewed) {
  aws_.Answer(kSet);
  EXPECT_EQ(Ensure(kArn).value(), kArn);
  EXPECT_THAT(aws_.calls, ElementsAre(kSet));
}

TEST_F(SnsEndpointsTest, AKnownOneThatIsGoneOrAnothersIsMadeAnew) {
  for (const char* const code : {"NotFound", "InvalidParameter"}) {
    aws_.calls.clear();
    aws_.Fail(kSet, code == std::string("NotFound") ? 404 : 400, code);
    aws_.Answer(kCreate, kMade);
    EXPECT_EQ(Ensure("arn:old").value(), kArn);
    EXPECT_THAT(aws_.calls, ElementsAre(kSet, kCreate));
  }
}

TEST_F(SnsEndpointsTest, OneThatGoesAgainAndAgainIsGivenUp) {
  for (int i = 0; i < 3; ++i) {
    aws_.Fail(kCreate, 400, "InvalidParameter",
              std::string("Invalid parameter: Token Reason: Endpoint ") + kArn +
                  " already exists with the same Token, but different attributes.");
    aws_.Fail(kSet, 404, "NotFound");
  }
  EXPECT_EQ(ReasonOf(Ensure().status()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_THAT(aws_.calls, ElementsAre(kCreate, kSet, kCreate, kSet));
}

TEST_F(SnsEndpointsTest, WhatIsWrongWithTheApplicationIsSaid) {
  for (const auto& [status, code] :
       {std::pair(404, "NotFound"), std::pair(400, "PlatformApplicationDisabled"),
        std::pair(400, "InvalidParameter")}) {
    aws_.Fail(kCreate, status, code, "Invalid parameter: PlatformApplicationArn Reason: x");
    const absl::Status failed = Ensure().status();
    EXPECT_EQ(failed.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE);
    EXPECT_EQ(errors::MetadataOf(failed, "applicationArn"), kApplication);
    EXPECT_EQ(errors::MetadataOf(failed, "code"), code);
  }
}

TEST_F(SnsEndpointsTest, ATokenThatSnsRefusesIsTheCallersFaultAndIsNotTold) {
  aws_.Fail(kCreate, 400, "InvalidParameter",
            "Invalid parameter: Token Reason: tooooken is not one");
  const absl::Status failed = Ensure().status();
  ASSERT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_INVALID_FIELD);
  EXPECT_EQ(errors::ViolationsOf(failed).at(0).field, "token");
  EXPECT_THAT(failed.ToString(), Not(HasSubstr("tooooken")));
  EXPECT_THAT(Logged(), HasSubstr("InvalidParameter"));
  EXPECT_THAT(Logged(), Not(HasSubstr("tooooken")));
}

TEST_F(SnsEndpointsTest, ThrottlesFaultsAndSilenceAreUnavailable) {
  const auto expect_unavailable = [this] {
    const absl::Status failed = Ensure().status();
    EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
    EXPECT_EQ(errors::MetadataOf(failed, "service"), "sns");
    EXPECT_THAT(failed.ToString(), HasSubstr("RetryInfo"));
  };
  aws_.Fail(kCreate, 400, "Throttling");
  expect_unavailable();
  EXPECT_THAT(aws_.calls, ElementsAre(kCreate));
  aws_.Hang(kCreate);
  expect_unavailable();
  aws_.Fail(kCreate, 500, "InternalError");
  aws_.Fail(kCreate, 503, "ServiceUnavailable");
  expect_unavailable();
  aws_.Fail(kCreate, 403, "InvalidClientTokenId");
  aws_.Fail(kCreate, 403, "InvalidClientTokenId");
  expect_unavailable();
}

TEST_F(SnsEndpointsTest, OneFaultIsRiddenOut) {
  aws_.Fail(kCreate, 500, "InternalError");
  aws_.Answer(kCreate, kMade);
  EXPECT_EQ(Ensure().value(), kArn);
}

TEST_F(SnsEndpointsTest, AnAnswerThatCantBeReadIsNoEndpoint) {
  aws_.Answer(kCreate, "<Other/>");
  aws_.Answer(kCreate, "<Other/>");
  EXPECT_EQ(ReasonOf(Ensure().status()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
}

TEST_F(SnsEndpointsTest, AfterTheDeadlineNothingIsAsked) {
  EXPECT_EQ(ReasonOf(Ensure("", {}, -absl::Seconds(1)).status()),
            errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_THAT(aws_.calls, IsEmpty());
}

TEST_F(SnsEndpointsTest, WithARoleItsCredentialsSign) {
  aws_.Answer(kAssume, kSession);
  aws_.Answer(kCreate, kMade);
  EXPECT_TRUE(Ensure("", {kRole, "0af"}).ok());
  EXPECT_THAT(aws_.calls, ElementsAre(kAssume, kCreate));
  EXPECT_THAT(aws_.bodies[0], HasSubstr("ExternalId=0af"));
}

TEST_F(SnsEndpointsTest, ARoleThatMayNotIsNotUsable) {
  aws_.Answer(kAssume, kSession);
  aws_.Fail(kCreate, 403, "AuthorizationError");
  const absl::Status failed = Ensure("", {kRole, "0af"}).status();
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_ROLE_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "roleArn"), kRole);
  EXPECT_EQ(errors::MetadataOf(failed, "action"), "sns:CreatePlatformEndpoint");
}

TEST_F(SnsEndpointsTest, AnApplicationOfAnotherAccountIsNotTheRolesFault) {
  const Access access{"arn:aws:iam::999999999999:role/push", "0af"};
  aws_.Answer(kAssume, kSession);
  aws_.Fail(kCreate, 403, "AuthorizationError");
  const absl::Status failed = Ensure("", access).status();
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "applicationArn"), kApplication);
  aws_.Answer(kAssume, kSession);
  aws_.Fail(kLook, 403, "AuthorizationError");
  EXPECT_EQ(ReasonOf(Check(access)), errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE);
}

TEST_F(SnsEndpointsTest, OurOwnCredentialsThatMayNotAreNobodysFault) {
  aws_.Fail(kCreate, 403, "AuthorizationError");
  EXPECT_EQ(ReasonOf(Ensure().status()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
}

TEST_F(SnsEndpointsTest, ARoleThatIsNoneIsNotUsable) {
  aws_.Fail(kAssume, 400, "ValidationError");
  const absl::Status failed = Ensure("", {kRole, "0af"}).status();
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_ROLE_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "action"), "sts:AssumeRole");
  EXPECT_THAT(aws_.calls, ElementsAre(kAssume));
}

TEST_F(SnsEndpointsTest, DeletesAnEndpoint) {
  aws_.Answer(kDelete);
  EXPECT_TRUE(Delete().ok());
  aws_.Fail(kDelete, 404, "NotFound");
  EXPECT_TRUE(Delete().ok());
  aws_.Fail(kDelete, 400, "Throttling");
  EXPECT_EQ(ReasonOf(Delete()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
}

TEST_F(SnsEndpointsTest, ChecksEveryApplicationWithTheRoleAssumedAnew) {
  aws_.Answer(kAssume, kSession);
  aws_.Answer(kLook);
  aws_.Answer(kLook);
  EXPECT_TRUE(Check({kRole, "0af"}, {kApplication, "arn:other"}).ok());
  EXPECT_THAT(aws_.calls, ElementsAre(kAssume, kLook, kLook));
}

TEST_F(SnsEndpointsTest, AnApplicationThatIsDisabledOrMissingFailsTheCheck) {
  aws_.Answer(kLook,
              "<Attributes><entry><key>Enabled</key><value>false</value></entry></Attributes>");
  absl::Status failed = Check();
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "code"), "PlatformApplicationDisabled");
  aws_.Fail(kLook, 404, "NotFound");
  failed = Check();
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "applicationArn"), kApplication);
}

TEST_F(SnsEndpointsTest, ACheckPassesWhereTheRoleMayNotLook) {
  aws_.Fail(kLook, 403, "AuthorizationError");
  EXPECT_TRUE(Check().ok());
}

TEST_F(SnsEndpointsTest, ACheckTellsARoleThatRefusesAtOnce) {
  aws_.Fail(kAssume, 403, "AccessDenied");
  aws_.Answer("GetCallerIdentity", "<Account>1</Account><Arn>arn</Arn>");
  absl::Status failed = Check({kRole, "0af"});
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_ROLE_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "action"), "sts:AssumeRole");
  aws_.Hang(kAssume);
  aws_.Hang(kAssume);
  aws_.Hang(kAssume);
  failed = Check({kRole, "0af"});
  EXPECT_EQ(ReasonOf(failed), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(errors::MetadataOf(failed, "service"), "sts");
}

TEST_F(SnsEndpointsTest, CountsCallsByOutcome) {
  aws_.Answer(kCreate, kMade);
  EXPECT_TRUE(Ensure().ok());
  aws_.Fail(kCreate, 400, "Throttling");
  EXPECT_FALSE(Ensure().ok());
  const std::string text = prometheus::TextSerializer().Serialize(registry_.Collect());
  EXPECT_THAT(text, HasSubstr(R"(calls_total{operation="create",outcome="ok"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(calls_total{operation="create",outcome="throttle"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(calls_total{operation="set",outcome="off"} 0)"));
}

}  // namespace
}  // namespace tidemark::push
