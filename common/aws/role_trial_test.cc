#include "common/aws/role_trial.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/errors/error.h"

namespace tidemark::aws {
namespace {

using errors::ReasonOf;

constexpr char kRole[] = "arn:aws:iam::123456789012:role/r";

// Answers one call after another.
class Answers final : public HttpTransport {
 public:
  void Send(HttpRequest, const HttpTimeouts&, Callback callback) override {
    ++calls;
    absl::StatusOr<HttpResponse> answer = absl::UnavailableError("nothing more is said");
    if (!next.empty()) {
      answer = std::move(next.front());
      next.pop_front();
    }
    callback(std::move(answer));
  }

  void Refuse(const std::string& code) {
    next.push_back(HttpResponse{
        .status = 403,
        .headers = {},
        .body = "<ErrorResponse><Error><Code>" + code + "</Code></Error></ErrorResponse>"});
  }
  void Assume() {
    next.push_back(HttpResponse{
        .status = 200,
        .headers = {},
        .body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
                "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
                "2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
                "</AssumeRoleResponse>"});
  }
  void Identify() {
    next.push_back(HttpResponse{
        .status = 200,
        .headers = {},
        .body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
                "<Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"});
  }

  std::deque<absl::StatusOr<HttpResponse>> next;
  int calls = 0;
};

class RoleTrialTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<CredentialsProvider>> Try(
      absl::Duration within = absl::Seconds(10)) {
    std::optional<absl::StatusOr<std::shared_ptr<CredentialsProvider>>> result;
    TryRole(sts_, {.role_arn = kRole, .external_id = "0af", .deadline = absl::Now() + within},
            [&](auto got) { result = std::move(got); });
    return result ? *std::move(result) : absl::UnknownError("no callback");
  }

  Answers aws_;
  const StsClient sts_{"eu-west-1", Endpoint::OfAws("sts", "eu-west-1"), aws_,
                       std::make_shared<StaticCredentials>(
                           Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                       SystemClock()};
};

TEST_F(RoleTrialTest, GivesTheRolesCredentials) {
  aws_.Assume();
  const auto role = Try();
  ASSERT_TRUE(role.ok()) << role.status();
  std::string key;
  (*role)->Get([&](const auto& credentials) { key = (*credentials)->access_key_id; });
  EXPECT_EQ(key, "A");
}

TEST_F(RoleTrialTest, ARefusalIsTheRolesIfStsTakesTheBaseCredentials) {
  aws_.Refuse("AccessDenied");
  aws_.Identify();
  const absl::Status refused = Try().status();
  EXPECT_EQ(ReasonOf(refused), errors::v1::ERROR_REASON_ROLE_NOT_USABLE);
  EXPECT_EQ(errors::MetadataOf(refused, "roleArn"), kRole);
  EXPECT_EQ(errors::MetadataOf(refused, "action"), "sts:AssumeRole");

  aws_.Refuse("AccessDenied");
  for (int i = 0; i < 3; ++i) aws_.Refuse("InvalidClientTokenId");
  const absl::Status ours = Try().status();
  EXPECT_EQ(ReasonOf(ours), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(errors::MetadataOf(ours, "service"), "sts");
}

TEST_F(RoleTrialTest, SilenceIsTriedAgainAndThenUnavailable) {
  EXPECT_EQ(ReasonOf(Try().status()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(aws_.calls, 3);
  aws_.next.push_back(absl::UnavailableError("once"));
  aws_.Assume();
  EXPECT_TRUE(Try().ok());
}

TEST_F(RoleTrialTest, AfterTheDeadlineNothingIsAsked) {
  EXPECT_EQ(ReasonOf(Try(-absl::Seconds(1)).status()), errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_EQ(aws_.calls, 0);
}

}  // namespace
}  // namespace tidemark::aws
