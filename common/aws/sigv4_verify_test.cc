#include "common/aws/sigv4_verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/sigv4.h"
#include "common/aws/static_secrets.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1440938160);  // 2015-08-30T12:36:00Z
};

constexpr char kHashOfBraces[] = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

class SigV4VerifierTest : public ::testing::Test {
 protected:
  static HttpRequest Request(std::string method = "POST") {
    HttpRequest request{.method = std::move(method),
                        .endpoint = Endpoint::Parse("http://tidemark.test:8080").value(),
                        .target = "/identitypools/us-east-1%3Aab?nextToken=a%2Fb&maxResults=7",
                        .headers = {{"Content-Type", "application/json"}},
                        .body = ""};
    if (request.method == "POST") request.body = R"({"a":1})";
    return request;
  }

  HttpRequest Signed(HttpRequest request) {
    signer_.Sign(credentials_, clock_.now, request);
    return request;
  }

  AuthOutcome Verify(const HttpRequest& request) { return Verify(request, verifier_); }
  AuthOutcome Verify(const HttpRequest& request, SigV4Verifier& verifier) {
    views_.clear();
    for (const HttpHeader& header : request.headers) views_.push_back({header.name, header.value});
    return verifier.Verify({.method = request.method,
                            .target = request.target,
                            .headers = views_,
                            .body = request.body},
                           StaticSecrets({credentials_}), claim_);
  }

  // The one header called `name`.
  static std::string& Header(HttpRequest& request, std::string_view name) {
    for (HttpHeader& header : request.headers) {
      if (EqualsIgnoreCase(header.name, name)) return header.value;
    }
    std::abort();
  }

  static void Remove(HttpRequest& request, std::string_view name) {
    std::erase_if(request.headers,
                  [name](const HttpHeader& header) { return EqualsIgnoreCase(header.name, name); });
  }

  // Signs with exactly the headers that `request` has, as clients other than ours do.
  HttpRequest SignedAsIs(HttpRequest request, std::string_view payload_hash) {
    views_.clear();
    for (const HttpHeader& header : request.headers) views_.push_back({header.name, header.value});
    const std::string authorization = signer_.Authorization(credentials_, AmzDate(clock_.now),
                                                            {.method = request.method,
                                                             .target = request.target,
                                                             .headers = views_,
                                                             .body = request.body},
                                                            payload_hash);
    request.headers.push_back({"Authorization", authorization});
    return request;
  }

  FixedClock clock_;
  Credentials credentials_{"AKIDEXAMPLE", Secret("hush"), Secret(), absl::InfiniteFuture()};
  SigV4Signer signer_{"us-east-1", "cognito-sync"};
  SigV4Verifier verifier_{{.region = "us-east-1", .service = "cognito-sync"}, clock_};
  SignatureClaim claim_;
  std::vector<HeaderView> views_;
};

TEST_F(SigV4VerifierTest, AcceptsWhatTheSignerSigned) {
  const HttpRequest request = Signed(Request());
  const AuthOutcome outcome = Verify(request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(claim_.authorization.access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(claim_.session_token, "");
}

TEST_F(SigV4VerifierTest, SigningAgainReplacesTheFirstSignature) {
  HttpRequest request = Signed(Request());
  const std::size_t headers = request.headers.size();
  clock_.now += absl::Hours(1);
  request = Signed(request);
  EXPECT_EQ(request.headers.size(), headers);
  EXPECT_TRUE(Verify(request).ok());
}

TEST_F(SigV4VerifierTest, SessionTokenIsSignedAndHandedOver) {
  credentials_.session_token = Secret("token");
  HttpRequest request = Signed(Request());
  EXPECT_TRUE(Verify(request).ok());
  EXPECT_EQ(claim_.session_token, "token");
  Header(request, "x-amz-security-token") = "stolen";
  EXPECT_EQ(Verify(request).error, AuthError::kUnrecognizedClient);
}

TEST_F(SigV4VerifierTest, RefusesAnAddedUnsignedToken) {
  HttpRequest request = Signed(Request());
  request.headers.push_back({"X-Amz-Security-Token", "t"});
  const AuthOutcome outcome = Verify(request);
  EXPECT_EQ(outcome.error, AuthError::kIncompleteSignature);
  EXPECT_THAT(outcome.message, HasSubstr("x-amz-security-token"));
}

TEST_F(SigV4VerifierTest, RefusesAnyChange) {
  const HttpRequest original = Signed(Request());
  const auto refuses = [this, &original](auto change) {
    HttpRequest request = original;
    change(request);
    const AuthOutcome outcome = Verify(request);
    EXPECT_EQ(outcome.error, AuthError::kInvalidSignature) << outcome.message;
    EXPECT_THAT(outcome.message, Not(HasSubstr("hush")));
  };
  refuses([](HttpRequest& request) { request.method = "PUT"; });
  refuses([](HttpRequest& request) { request.target = "/identitypools/us-east-1%3Aac"; });
  refuses([](HttpRequest& request) { request.target += "&x=1"; });
  refuses([](HttpRequest& request) { request.body += " "; });
  refuses([](HttpRequest& request) { Header(request, "host") = "elsewhere"; });
  refuses([](HttpRequest& request) { Header(request, "content-type") = "text/plain"; });
  refuses([](HttpRequest& request) { Remove(request, "content-type"); });
  refuses([](HttpRequest& request) { Header(request, "x-amz-date") = "20150830T123601Z"; });
  refuses([](HttpRequest& request) {
    char& last = Header(request, "authorization").back();
    last = last == '0' ? '1' : '0';
  });
}

TEST_F(SigV4VerifierTest, NamesASignedHeaderThatGotLost) {
  HttpRequest request = Signed(Request());
  Remove(request, "content-type");
  EXPECT_THAT(Verify(request).message, HasSubstr("content-type, which the request does not have"));
}

TEST_F(SigV4VerifierTest, TellsMissingFromIncomplete) {
  HttpRequest request = Request();
  EXPECT_EQ(Verify(request).error, AuthError::kMissingAuthenticationToken);
  request = Signed(Request());
  Header(request, "authorization") = "AWS4-HMAC-SHA256 Credential=x";
  EXPECT_EQ(Verify(request).error, AuthError::kIncompleteSignature);
  request = Signed(Request());
  request.headers.push_back({"AUTHORIZATION", "again"});
  EXPECT_EQ(Verify(request).error, AuthError::kIncompleteSignature);
  request = Signed(Request());
  Remove(request, "x-amz-date");
  EXPECT_THAT(Verify(request).message, HasSubstr("needs an X-Amz-Date"));
  request = Signed(Request());
  Header(request, "x-amz-date") = "2015-08-30";
  EXPECT_EQ(Verify(request).error, AuthError::kIncompleteSignature);
}

TEST_F(SigV4VerifierTest, HostAndDateMustBeSigned) {
  HttpRequest request = Request();
  request.headers = {{"X-Amz-Date", std::string(AmzDate(clock_.now).text())}};
  AuthOutcome outcome = Verify(SignedAsIs(request, Hex(Sha256(request.body))));
  EXPECT_EQ(outcome.error, AuthError::kIncompleteSignature);
  EXPECT_THAT(outcome.message, HasSubstr("must include host"));

  request.headers = {{"Host", "h"}};
  request = SignedAsIs(request, Hex(Sha256(request.body)));
  request.headers.push_back({"X-Amz-Date", std::string(AmzDate(clock_.now).text())});
  outcome = Verify(request);
  EXPECT_EQ(outcome.error, AuthError::kIncompleteSignature);
  EXPECT_THAT(outcome.message, HasSubstr("must include x-amz-date"));
}

TEST_F(SigV4VerifierTest, TakesADateHeaderInstead) {
  HttpRequest request = Request();
  request.headers = {{"Host", "h"}, {"Date", "Sun, 30 Aug 2015 12:36:00 GMT"}};
  const AuthOutcome outcome = Verify(SignedAsIs(request, Hex(Sha256(request.body))));
  EXPECT_TRUE(outcome.ok()) << outcome.message;
}

TEST_F(SigV4VerifierTest, SaysWhichScopeWasExpected) {
  HttpRequest request = Request();
  SigV4Signer("eu-west-1", "cognito-sync").Sign(credentials_, clock_.now, request);
  AuthOutcome outcome = Verify(request);
  EXPECT_EQ(outcome.error, AuthError::kInvalidSignature);
  EXPECT_THAT(outcome.message, HasSubstr("region 'us-east-1', not 'eu-west-1'"));
  SigV4Signer("us-east-1", "s3").Sign(credentials_, clock_.now, request);
  outcome = Verify(request);
  EXPECT_EQ(outcome.error, AuthError::kInvalidSignature);
  EXPECT_THAT(outcome.message, HasSubstr("service 'cognito-sync', not 's3'"));
}

TEST_F(SigV4VerifierTest, TheScopesDayIsTheDatesDay) {
  HttpRequest request = Signed(Request());
  std::string& authorization = Header(request, "authorization");
  authorization.replace(authorization.find("20150830"), 8, "20150829");
  const AuthOutcome outcome = Verify(request);
  EXPECT_EQ(outcome.error, AuthError::kInvalidSignature);
  EXPECT_THAT(outcome.message, HasSubstr("x-amz-date header, 20150830"));
}

TEST_F(SigV4VerifierTest, AllowsFifteenMinutesOfSkew) {
  const HttpRequest request = Signed(Request());
  clock_.now += absl::Minutes(15);
  EXPECT_TRUE(Verify(request).ok());
  clock_.now += absl::Seconds(1);
  EXPECT_EQ(Verify(request).message,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
            "(20150830T125101Z - 15 min.)");
  clock_.now -= absl::Minutes(30) + absl::Seconds(1);
  EXPECT_TRUE(Verify(request).ok());
  clock_.now -= absl::Seconds(1);
  const AuthOutcome outcome = Verify(request);
  EXPECT_EQ(outcome.error, AuthError::kInvalidSignature);
  EXPECT_THAT(outcome.message, HasSubstr("Signature not yet current: 20150830T123600Z is still"));
  EXPECT_THAT(outcome.message, HasSubstr("(20150830T122059Z + 15 min.)"));
}

TEST_F(SigV4VerifierTest, HashesTheBodyWhenNoHashWasSent) {
  HttpRequest request = Request();
  request.headers = {{"Host", "h"}, {"X-Amz-Date", std::string(AmzDate(clock_.now).text())}};
  request = SignedAsIs(request, Hex(Sha256(request.body)));
  EXPECT_TRUE(Verify(request).ok());
  request.body += " ";
  EXPECT_EQ(Verify(request).error, AuthError::kInvalidSignature);
}

TEST_F(SigV4VerifierTest, AHashThatWasSentMustBeTheBodys) {
  HttpRequest request = Signed(Request());
  request.body = "{}";
  EXPECT_THAT(Verify(request).message, HasSubstr("x-amz-content-sha256"));
}

TEST_F(SigV4VerifierTest, TakesAnUnsignedPayloadOnlyIfToldTo) {
  HttpRequest request = Request();
  request.headers = {{"Host", "h"},
                     {"X-Amz-Date", std::string(AmzDate(clock_.now).text())},
                     {"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}};
  request = SignedAsIs(request, "UNSIGNED-PAYLOAD");
  EXPECT_EQ(Verify(request).error, AuthError::kInvalidSignature);
  SigV4Verifier lenient(
      {.region = "us-east-1", .service = "cognito-sync", .accept_unsigned_payload = true}, clock_);
  EXPECT_TRUE(Verify(request, lenient).ok());
}

TEST_F(SigV4VerifierTest, ToleratesTheHashOfBracesOnAGetWithoutABody) {
  for (const char* method : {"GET", "DELETE", "POST"}) {
    HttpRequest request = Request(method);
    request.body.clear();
    request.headers = {{"Host", "h"},
                       {"X-Amz-Date", std::string(AmzDate(clock_.now).text())},
                       {"X-Amz-Content-Sha256", kHashOfBraces}};
    request = SignedAsIs(request, kHashOfBraces);
    EXPECT_EQ(Verify(request).ok(), request.method != "POST") << method;
    request.body = "x";
    EXPECT_FALSE(Verify(request).ok()) << method;
  }
}

TEST_F(SigV4VerifierTest, AnUnknownKeyIsUnrecognized) {
  const HttpRequest request = Signed(Request());
  credentials_.access_key_id = "AKIDOTHER";
  EXPECT_EQ(Verify(request).error, AuthError::kUnrecognizedClient);
}

TEST_F(SigV4VerifierTest, PassesOnWhatTheLookupSays) {
  class Answers final : public SecretLookup {
   public:
    explicit Answers(SecretLookupResult::State state) : state_(state) {}
    SecretLookupResult Find(std::string_view, std::string_view) const override {
      return {state_, Secret()};
    }

   private:
    SecretLookupResult::State state_;
  };
  const HttpRequest request = Signed(Request());
  for (const HttpHeader& header : request.headers) views_.push_back({header.name, header.value});
  const RequestView view{
      .method = request.method, .target = request.target, .headers = views_, .body = request.body};
  using State = SecretLookupResult::State;
  EXPECT_EQ(verifier_.Verify(view, Answers(State::kExpired), claim_).error,
            AuthError::kExpiredToken);
  EXPECT_EQ(verifier_.Verify(view, Answers(State::kUnavailable), claim_).error,
            AuthError::kUnavailable);
}

TEST_F(SigV4VerifierTest, EveryErrorHasAmazonsNameAndAStatus) {
  EXPECT_EQ(AmazonErrorName(AuthError::kIncompleteSignature), "IncompleteSignatureException");
  EXPECT_EQ(HttpStatusOf(AuthError::kIncompleteSignature), 400);
  EXPECT_EQ(AmazonErrorName(AuthError::kExpiredToken), "ExpiredTokenException");
  EXPECT_EQ(HttpStatusOf(AuthError::kExpiredToken), 403);
  EXPECT_EQ(HttpStatusOf(AuthError::kUnavailable), 503);
}

}  // namespace
}  // namespace tidemark::aws
