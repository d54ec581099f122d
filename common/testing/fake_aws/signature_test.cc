#include "common/testing/fake_aws/signature.h"

#include <gtest/gtest.h>

#include "common/aws/sigv4.h"
#include "common/testing/fake_aws/auth_error.h"

namespace tidemark::fake_aws {
namespace {

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
constexpr std::string_view kExampleUrl =
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
    "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
    "&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d15"
    "7751f604d404";
const absl::Time kSigned = absl::FromCivil(absl::CivilDay(2013, 5, 24), absl::UTCTimeZone());

aws::Credentials ExampleKey() {
  return {"AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret(),
          absl::InfiniteFuture()};
}

class TestClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = kSigned;
};

class SignatureTest : public ::testing::Test {
 protected:
  // What the service answers; "" if it lets the request in.
  std::string Try(const ServerRequest& request, std::string_view service = "s3",
                  std::string_view region = "us-east-1") {
    const auto refusal = Authenticate(request, region, service, clock_.now, iam_, caller_);
    return refusal ? std::string(AuthErrorOf(service, refusal->failure).code) : "";
  }

  static ServerRequest Presigned(std::string target = std::string(kExampleUrl)) {
    return {.method = "GET",
            .target = std::move(target),
            .headers = {{"Host", "examplebucket.s3.amazonaws.com"}},
            .body = {}};
  }

  ServerRequest Signed(const aws::Credentials& credentials, const std::string& service,
                       const std::string& body = "body") {
    aws::HttpRequest request{.method = "PUT",
                             .endpoint = aws::Endpoint::Parse("http://127.0.0.1:1").value(),
                             .target = "/b/k%20ey?x=y",
                             .headers = {},
                             .body = body};
    aws::SigV4Signer("us-east-1", service).Sign(credentials, clock_.now, request);
    return {.method = request.method,
            .target = request.target,
            .headers = request.headers,
            .body = request.body};
  }

  static aws::HttpHeader& Find(ServerRequest& request, std::string_view name) {
    for (aws::HttpHeader& header : request.headers) {
      if (aws::EqualsIgnoreCase(header.name, name)) return header;
    }
    return request.headers.emplace_back();
  }

  TestClock clock_;
  FakeIam iam_{{ExampleKey()}, "123456789012", clock_};
  Caller caller_;
};

TEST_F(SignatureTest, TakesAmazonsExampleOfAPresignedUrl) {
  EXPECT_EQ(Try(Presigned()), "");
  EXPECT_EQ(caller_.account, "123456789012");
}

TEST_F(SignatureTest, AUrlLivesAsLongAsItSaysAndNotALifeMore) {
  clock_.now = kSigned + absl::Seconds(86'400);
  EXPECT_EQ(Try(Presigned()), "");
  clock_.now += absl::Seconds(1);
  EXPECT_EQ(Try(Presigned()), "AccessDenied");
  clock_.now = kSigned - absl::Minutes(16);
  EXPECT_EQ(Try(Presigned()), "AccessDenied");
}

TEST_F(SignatureTest, AChangedUrlIsRefused) {
  for (const std::string_view part : {"/test.txt", "Expires=86400", "f604d404"}) {
    std::string target(kExampleUrl);
    const std::size_t last = target.find(part) + part.size() - 1;
    target[last] = target[last] == '0' ? '1' : '0';
    EXPECT_EQ(Try(Presigned(target)), "SignatureDoesNotMatch") << part;
  }
  std::string target(kExampleUrl);
  target.replace(target.find("86400"), 5, "604801");
  EXPECT_EQ(Try(Presigned(target)), "AuthorizationQueryParametersError");
}

TEST_F(SignatureTest, TakesSignedHeadersOfEachService) {
  for (const std::string service : {"s3", "kinesis", "sts"}) {
    EXPECT_EQ(Try(Signed(ExampleKey(), service), service), "") << service;
  }
}

TEST_F(SignatureTest, EachFaultHasItsName) {
  const ServerRequest good = Signed(ExampleKey(), "s3");
  ServerRequest request = good;
  request.body = "other";
  EXPECT_EQ(Try(request), "XAmzContentSHA256Mismatch");
  request = good;
  request.headers.push_back({"x-amz-meta-a", "b"});
  EXPECT_EQ(Try(request), "AccessDenied");
  request = good;
  request.method = "GET";
  EXPECT_EQ(Try(request), "SignatureDoesNotMatch");
  request = good;
  Find(request, "authorization").value = "AWS4-HMAC-SHA256 nonsense";
  EXPECT_EQ(Try(request), "AuthorizationHeaderMalformed");
  request.headers.clear();
  EXPECT_EQ(Try(request), "AccessDenied");
  EXPECT_EQ(Try(good, "s3", "eu-west-1"), "AuthorizationHeaderMalformed");
}

TEST_F(SignatureTest, AClockThatIsMoreThan15MinutesOffIsRefused) {
  const ServerRequest s3 = Signed(ExampleKey(), "s3");
  const ServerRequest sts = Signed(ExampleKey(), "sts");
  for (const int sign : {-1, 1}) {
    clock_.now = kSigned + sign * absl::Minutes(15);
    EXPECT_EQ(Try(s3), "");
    clock_.now += sign * absl::Seconds(1);
    EXPECT_EQ(Try(s3), "RequestTimeTooSkewed");
    EXPECT_EQ(Try(sts, "sts"), "SignatureDoesNotMatch");
  }
}

TEST_F(SignatureTest, ASessionIsKnownByItsTokenUntilItExpires) {
  Role role;
  role.arn = "arn:aws:iam::210987654321:role/r";
  iam_.PutRole(role);
  const aws::Credentials session = iam_.Issue(role, "s1", absl::Minutes(10));
  EXPECT_EQ(Try(Signed(session, "s3")), "");
  EXPECT_EQ(caller_.account, "210987654321");
  EXPECT_EQ(caller_.arn, "arn:aws:sts::210987654321:assumed-role/r/s1");

  aws::Credentials wrong = session;
  wrong.session_token = Secret("other");
  EXPECT_EQ(Try(Signed(wrong, "s3")), "InvalidToken");
  EXPECT_EQ(Try(Signed(wrong, "kinesis"), "kinesis"), "UnrecognizedClientException");
  wrong.session_token = Secret();
  EXPECT_EQ(Try(Signed(wrong, "s3")), "InvalidAccessKeyId");
  EXPECT_EQ(Try(Signed(wrong, "sts"), "sts"), "InvalidClientTokenId");

  const ServerRequest late = Signed(session, "s3");
  clock_.now += absl::Minutes(10);
  EXPECT_EQ(Try(late), "ExpiredToken");
  EXPECT_EQ(Try(Signed(session, "sts"), "sts"), "ExpiredToken");
  EXPECT_EQ(Try(Signed(session, "kinesis"), "kinesis"), "ExpiredTokenException");
}

TEST_F(SignatureTest, WithoutKeysOnlySessionsAreVerified) {
  FakeIam open({}, "123456789012", clock_);
  const auto code = [&](const ServerRequest& request, std::string_view service) {
    const auto refusal = Authenticate(request, "us-east-1", service, clock_.now, open, caller_);
    return refusal ? std::string(AuthErrorOf(service, refusal->failure).code) : "";
  };
  const ServerRequest unsigned_request{.method = "POST", .target = "/", .headers = {}, .body = "x"};
  EXPECT_EQ(code(Signed(ExampleKey(), "kinesis", "x"), "kinesis"), "");
  EXPECT_EQ(code(unsigned_request, "kinesis"), "");
  EXPECT_EQ(code(unsigned_request, "s3"), "AccessDenied");
  Role role;
  role.arn = "arn:aws:iam::123456789012:role/r";
  open.PutRole(role);
  aws::Credentials session = open.Issue(role, "s1", absl::Minutes(15));
  EXPECT_EQ(code(Signed(session, "s3"), "s3"), "");
  session.secret_access_key = Secret("other");
  EXPECT_EQ(code(Signed(session, "s3"), "s3"), "SignatureDoesNotMatch");
}

TEST(FakeIamTest, RolesMayDoWhatTheyAreToldAndEndWithTheirSessions) {
  TestClock clock;
  FakeIam iam({}, "123456789012", clock);
  Role role;
  role.arn = "arn:aws:iam::123456789012:role/r";
  role.actions = {"kinesis:PutRecords", "s3:*"};
  iam.PutRole(role);
  const aws::Credentials session = iam.Issue(role, "s1", absl::Hours(1));
  const auto find = [&] { return iam.Find(session.access_key_id, session.session_token.Reveal()); };
  const Caller caller = find().caller;
  EXPECT_TRUE(iam.Allows(caller, "kinesis:PutRecords"));
  EXPECT_FALSE(iam.Allows(caller, "kinesis:PutRecord"));
  EXPECT_TRUE(iam.Allows(caller, "s3:GetObject"));
  EXPECT_FALSE(iam.Allows(caller, "sts:AssumeRole"));
  EXPECT_TRUE(iam.Allows(iam.Anyone(), "sts:AssumeRole"));

  EXPECT_EQ(iam.ExpireSessions(role.arn), 1);
  EXPECT_EQ(find().state, FakeIam::Key::State::kExpired);
  EXPECT_TRUE(iam.DeleteRole(role.arn));
  EXPECT_EQ(find().state, FakeIam::Key::State::kUnknown);
  EXPECT_FALSE(iam.DeleteRole(role.arn));
}

TEST(FakeIamTest, ReadsTheAccountOfARole) {
  EXPECT_EQ(AccountOfRole("arn:aws:iam::123456789012:role/path/name"), "123456789012");
  for (const std::string_view text :
       {"", "arn:aws:iam::1234:role/r", "arn:aws:iam::123456789012:user/r",
        "arn:aws:iam::123456789012:role/", "arn:aws:sts::123456789012:role/r"}) {
    EXPECT_EQ(AccountOfRole(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tidemark::fake_aws
