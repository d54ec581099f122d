#include "common/aws/assumed_role_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using testing::SettableClock;

// STS with an answer to each action.
class FakeSts final : public HttpTransport {
 public:
  void Send(HttpRequest request, const HttpTimeouts&, Callback callback) override {
    const std::size_t begin = std::string_view("Action=").size();
    const std::string action = request.body.substr(begin, request.body.find('&') - begin);
    bodies.push_back(request.body);
    callback(answers.at(action));
  }

  void Refuse(const std::string& action, int status, const std::string& code,
              const std::string& message = "") {
    answers[action] =
        HttpResponse{.status = status,
                     .headers = {},
                     .body = "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + message +
                             "</Message></Error></ErrorResponse>"};
  }

  void AcceptAll() {
    answers["AssumeRole"] = HttpResponse{
        .status = 200,
        .headers = {},
        .body =
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
            "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            "<SessionToken>t</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"};
    answers["GetCallerIdentity"] =
        HttpResponse{.status = 200,
                     .headers = {},
                     .body =
                         "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
                         "<Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"};
  }

  std::map<std::string, absl::StatusOr<HttpResponse>> answers;
  std::vector<std::string> bodies;
};

class AssumedRoleSourceTest : public ::testing::Test {
 protected:
  void SetUp() override { sts_.AcceptAll(); }

  absl::Status Fetch() {
    absl::Status status = absl::UnknownError("no answer");
    source_.Fetch([&status](const absl::StatusOr<Credentials>& got) { status = got.status(); });
    return status;
  }

  absl::StatusCode CodeOf(int status, const std::string& code, const std::string& message = "") {
    sts_.Refuse("AssumeRole", status, code, message);
    return Fetch().code();
  }

  SettableClock clock_;
  FakeSts sts_;
  AssumedRoleSource source_{
      {.role_arn = "arn:aws:iam::1:role/r", .external_id = "0af", .patience = absl::Minutes(1)},
      StsClient("eu-west-1", Endpoint::OfAws("sts", "eu-west-1"), sts_,
                std::make_shared<StaticCredentials>(
                    Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                clock_),
      clock_};
};

TEST_F(AssumedRoleSourceTest, AssumesTheRoleWithItsExternalId) {
  EXPECT_TRUE(Fetch().ok());
  EXPECT_THAT(sts_.bodies[0], HasSubstr("&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"));
  EXPECT_THAT(sts_.bodies[0], HasSubstr("&ExternalId=0af"));
  EXPECT_THAT(sts_.bodies[0], HasSubstr("&DurationSeconds=3600"));
}

TEST_F(AssumedRoleSourceTest, ARoleThatRefusesForLongEnoughIsDenied) {
  sts_.Refuse("AssumeRole", 403, "AccessDenied", "not authorized");
  EXPECT_EQ(Fetch().code(), absl::StatusCode::kUnavailable);
  clock_.passed = absl::Seconds(59);
  EXPECT_EQ(Fetch().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Fetch().code(), absl::StatusCode::kUnavailable);
  clock_.passed = absl::Seconds(60);
  const absl::Status denied = Fetch();
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(denied.message()), HasSubstr("not authorized"));
}

TEST_F(AssumedRoleSourceTest, LongAgoAloneIsNotEnough) {
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
  clock_.passed = absl::Minutes(1);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kPermissionDenied);
}

TEST_F(AssumedRoleSourceTest, AfterALongSilenceTheCountBeginsAnew) {
  CodeOf(403, "AccessDenied");
  CodeOf(403, "AccessDenied");
  clock_.passed += absl::Minutes(1);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kPermissionDenied);
  clock_.passed += absl::Minutes(1) + absl::Seconds(1);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
  clock_.passed += absl::Minutes(1);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kPermissionDenied);
}

TEST_F(AssumedRoleSourceTest, ASuccessEndsTheRefusals) {
  CodeOf(403, "AccessDenied");
  CodeOf(403, "AccessDenied");
  sts_.AcceptAll();
  EXPECT_TRUE(Fetch().ok());
  clock_.passed = absl::Minutes(2);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
}

TEST_F(AssumedRoleSourceTest, BaseCredentialsThatAwsTakesNowhereAreNotTheRolesFault) {
  sts_.Refuse("GetCallerIdentity", 403, "InvalidClientTokenId");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
    clock_.passed += absl::Minutes(1);
  }
  sts_.answers["GetCallerIdentity"] = absl::DeadlineExceededError("too slow");
  EXPECT_EQ(CodeOf(403, "AccessDenied"), absl::StatusCode::kUnavailable);
}

// Counts what it is asked for.
class CountingProvider final : public CredentialsProvider {
 public:
  void Get(Callback callback) override {
    callback(std::make_shared<const Credentials>(
        Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}));
  }
  void Refuse(const Credentials&) override {}
  void Renew() override { ++renewals; }

  int renewals = 0;
};

TEST_F(AssumedRoleSourceTest, TheFirstRefusalHasTheBaseCredentialsFetchedAnew) {
  const auto base = std::make_shared<CountingProvider>();
  AssumedRoleSource source(
      {.role_arn = "r"},
      StsClient("eu-west-1", Endpoint::OfAws("sts", "eu-west-1"), sts_, base, clock_), clock_);
  const auto fetch = [&source] { source.Fetch([](const auto&) {}); };
  fetch();
  EXPECT_EQ(base->renewals, 0);
  sts_.Refuse("AssumeRole", 403, "AccessDenied");
  fetch();
  fetch();
  EXPECT_EQ(base->renewals, 1);
  sts_.AcceptAll();
  fetch();
  sts_.Refuse("AssumeRole", 403, "AccessDenied");
  fetch();
  EXPECT_EQ(base->renewals, 2);
}

// Suspects or not, as it is told.
class StubJudge final : public RefusalJudge {
 public:
  void Assumed() override { ++assumed; }
  bool SuspectsIdentity(const std::string&) override { return suspects; }

  int assumed = 0;
  bool suspects = true;
};

TEST_F(AssumedRoleSourceTest, WhileTheIdentityIsSuspectedTheRoleIsNot) {
  const auto judge = std::make_shared<StubJudge>();
  AssumedRoleSource source({.role_arn = "r", .patience = absl::Minutes(1)},
                           StsClient("eu-west-1", Endpoint::OfAws("sts", "eu-west-1"), sts_,
                                     std::make_shared<CountingProvider>(), clock_),
                           clock_, judge);
  absl::Status status;
  const auto fetch = [&] {
    clock_.passed += absl::Seconds(30);
    source.Fetch([&status](const auto& got) { status = got.status(); });
    return status.code();
  };
  EXPECT_EQ(fetch(), absl::StatusCode::kOk);
  EXPECT_EQ(judge->assumed, 1);
  sts_.Refuse("AssumeRole", 403, "AccessDenied");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fetch(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("own AWS identity is suspected"));
  judge->suspects = false;
  EXPECT_EQ(fetch(), absl::StatusCode::kUnavailable) << "its own patience has just begun";
  EXPECT_EQ(fetch(), absl::StatusCode::kPermissionDenied);
}

// Whatever else goes wrong, for however long, never counts as a refusal by the role.
TEST_F(AssumedRoleSourceTest, NothingElseIsARefusal) {
  for (int i = 0; i < 5; ++i) {
    clock_.passed += absl::Minutes(1);
    EXPECT_EQ(CodeOf(403, "InvalidClientTokenId"), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(403, "SignatureDoesNotMatch"), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(403, "SignatureDoesNotMatch", "Signature expired: 2026"),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(403, "ExpiredToken"), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(403, "AccessDenied",
                     "User: u is not authorized to perform: sts:AssumeRole on resource: r because "
                     "no identity-based policy allows the sts:AssumeRole action"),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(403, "AccessDenied",
                     "User: u is not authorized to perform: sts:AssumeRole on resource: r because "
                     "no VPC endpoint policy allows the sts:AssumeRole action"),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(400, "Throttling"), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(500, "InternalFailure"), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(503, ""), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(400, "ValidationError"), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(CodeOf(403, "RegionDisabledException"), absl::StatusCode::kFailedPrecondition);
    sts_.answers["AssumeRole"] = absl::UnavailableError("no connection");
    EXPECT_EQ(Fetch().code(), absl::StatusCode::kUnavailable);
  }
}

}  // namespace
}  // namespace tidemark::aws
