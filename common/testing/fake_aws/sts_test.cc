#include "common/testing/fake_aws/sts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::fake_aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kRole = "arn:aws:iam::210987654321:role/path/r";

class TestClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000); }
};

class FakeStsTest : public ::testing::Test {
 protected:
  FakeStsTest() {
    role_.arn = kRole;
    role_.external_id = "secret-of-the-pool";
    role_.web_identity_token = "jwt";
    iam_.PutRole(role_);
  }

  ServerResponse Ask(const std::string& form) {
    const ServerRequest request{.method = "POST", .target = "/", .headers = {}, .body = form};
    Call call = sts_.Read(request);
    call.caller = caller_;
    return sts_.Answer(call, std::nullopt);
  }

  ServerResponse Assume(const std::string& more, std::string_view role = kRole) {
    return Ask("Action=AssumeRole&Version=2011-06-15&RoleSessionName=tidemark&RoleArn=" +
               std::string(role) + more);
  }

  TestClock clock_;
  FakeIam iam_{{}, "123456789012", clock_};
  FakeSts sts_{iam_};
  Caller caller_ = iam_.Anyone();
  Role role_;
};

TEST_F(FakeStsTest, GivesASessionOfTheRolesAccount) {
  const ServerResponse answer = Assume("&ExternalId=secret-of-the-pool&DurationSeconds=900");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("<AccessKeyId>ASIA"));
  EXPECT_THAT(answer.body, HasSubstr("<SessionToken>"));
  EXPECT_THAT(answer.body, HasSubstr("<Expiration>2023-11-14T22:28:20Z</Expiration>"));
  EXPECT_THAT(answer.body, HasSubstr("arn:aws:sts::210987654321:assumed-role/r/tidemark"));
}

TEST_F(FakeStsTest, WithoutTheExternalIdOrARoleAccessIsDenied) {
  for (const ServerResponse& answer : {Assume(""), Assume("&ExternalId=other"),
                                       Assume("", "arn:aws:iam::210987654321:role/none")}) {
    EXPECT_EQ(answer.status, 403);
    EXPECT_THAT(answer.body, HasSubstr("<Code>AccessDenied</Code>"));
  }
  role_.external_id.reset();
  iam_.PutRole(role_);
  EXPECT_EQ(Assume("").status, 200);
  EXPECT_EQ(Assume("&ExternalId=whatever").status, 200);
}

TEST_F(FakeStsTest, RefusesWhatAwsRefuses) {
  const std::string id = "&ExternalId=secret-of-the-pool";
  for (const ServerResponse& answer :
       {Assume(id + "&DurationSeconds=899"), Assume(id + "&DurationSeconds=3601"),
        Assume(id + "&DurationSeconds=x"), Assume("&ExternalId=x"),
        Assume(id, "arn:aws:iam::21:role/r"), Ask("Action=AssumeRole&RoleSessionName=x")}) {
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("<Code>ValidationError</Code>"));
  }
  role_.max_session = absl::Hours(12);
  iam_.PutRole(role_);
  EXPECT_EQ(Assume(id + "&DurationSeconds=43200").status, 200);
  caller_.role_arn = kRole;  // a session that assumes a role
  EXPECT_EQ(Assume(id + "&DurationSeconds=3600").status, 200);
  EXPECT_THAT(Assume(id + "&DurationSeconds=3601").body, HasSubstr("role chaining"));
}

TEST_F(FakeStsTest, ARolesLifetimeShortensItsSessions) {
  role_.lifetime = absl::Seconds(2);
  iam_.PutRole(role_);
  EXPECT_THAT(Assume("&ExternalId=secret-of-the-pool").body,
              HasSubstr("<Expiration>2023-11-14T22:13:22Z</Expiration>"));
}

TEST_F(FakeStsTest, AWebIdentityNeedsItsToken) {
  const std::string form =
      "Action=AssumeRoleWithWebIdentity&RoleSessionName=tidemark&RoleArn=" + std::string(kRole);
  EXPECT_EQ(Ask(form + "&WebIdentityToken=jwt").status, 200);
  EXPECT_THAT(Ask(form + "&WebIdentityToken=old").body,
              HasSubstr("<Code>InvalidIdentityToken</Code>"));
  role_.web_identity_token.clear();
  iam_.PutRole(role_);
  EXPECT_THAT(Ask(form + "&WebIdentityToken=").body, HasSubstr("<Code>AccessDenied</Code>"));
}

TEST_F(FakeStsTest, TellsWhoCalls) {
  const ServerResponse answer = Ask("Action=GetCallerIdentity");
  EXPECT_THAT(answer.body, HasSubstr("<Account>123456789012</Account>"));
  EXPECT_THAT(answer.body, HasSubstr("<Arn>arn:aws:iam::123456789012:user/tester</Arn>"));
  EXPECT_THAT(Ask("Action=Other").body, HasSubstr("<Code>InvalidAction</Code>"));
}

TEST_F(FakeStsTest, KnowsItsRequestsByTheirForm) {
  const auto knows = [](const std::string& method, const std::string& body) {
    return FakeSts::Knows({.method = method, .target = "/", .headers = {}, .body = body});
  };
  EXPECT_TRUE(knows("POST", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"));
  EXPECT_FALSE(knows("POST", "Action=Publish"));
  EXPECT_FALSE(knows("GET", "Action=AssumeRole"));
}

}  // namespace
}  // namespace tidemark::fake_aws
