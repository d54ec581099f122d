#include "common/aws/service_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "common/aws/stub_transport.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;

class StubCredentials final : public CredentialsProvider {
 public:
  void Get(Callback callback) override { callback(answer); }
  void Refuse(const Credentials& credentials) override { refused.push_back(credentials); }

  absl::StatusOr<Pointer> answer = std::make_shared<const Credentials>(
      Credentials{"AKID", Secret("secret"), Secret("token"), absl::InfiniteFuture()});
  std::vector<Credentials> refused;
};

class ServiceClientTest : public ::testing::Test {
 protected:
  CallResult Call(const CallOptions& options = {}) {
    const ServiceClient client({.api = Api::kKinesis,
                                .service = "kinesis",
                                .region = "eu-west-1",
                                .endpoint = Endpoint::OfAws("kinesis", "eu-west-1"),
                                .read_error = &ReadJsonError},
                               transport_, credentials_, SystemClock());
    HttpRequest request{.method = "POST",
                        .endpoint = client.endpoint(),
                        .target = "/",
                        .headers = {{"X-Amz-Target", "Kinesis_20131202.X"}},
                        .body = "{}"};
    std::optional<CallResult> result;
    client.Call(request, options, [&result](CallResult got) { result = std::move(got); });
    return *std::move(result);
  }

  CallError ErrorOf(absl::StatusOr<HttpResponse> answer) {
    transport_.answer = std::move(answer);
    return std::get<CallError>(Call());
  }

  StubTransport transport_;
  std::shared_ptr<StubCredentials> credentials_ = std::make_shared<StubCredentials>();
};

TEST_F(ServiceClientTest, SignsAndHandsTheAnswerOver) {
  const CallResult result =
      Call({.timeouts = {.total = absl::Seconds(7)}, .traceparent = "00-a-b"});
  EXPECT_EQ(std::get<HttpResponse>(result).body, "{}");
  ASSERT_EQ(transport_.requests.size(), 1u);
  const HttpRequest& sent = transport_.requests[0];
  EXPECT_EQ(FindHeader(sent.headers, "host"), "kinesis.eu-west-1.amazonaws.com");
  EXPECT_EQ(FindHeader(sent.headers, "x-amz-security-token"), "token");
  EXPECT_EQ(FindHeader(sent.headers, "traceparent"), "00-a-b");
  EXPECT_THAT(std::string(FindHeader(sent.headers, "authorization")),
              HasSubstr("/eu-west-1/kinesis/aws4_request"));
  EXPECT_EQ(transport_.timeouts_of[0].total, absl::Seconds(7));
}

TEST_F(ServiceClientTest, KeepsTheFirstLineOfAnErrorAlone) {
  EXPECT_EQ(KeptText("it does not match.\nx-amz-security-token:t"), "it does not match.");
  EXPECT_EQ(KeptText("it does not match.\r\nx"), "it does not match.");
  EXPECT_LE(KeptText(std::string(5000, 'a')).size(), 1027u);
  const std::string path(512, 'p');
  const std::string denied = "User: arn:aws:sts::111122223333:assumed-role/" +
                             std::string(64, 'r') + "/" + std::string(64, 's') +
                             " is not authorized to perform: sts:AssumeRole on resource: "
                             "arn:aws:iam::111122223333:role/" +
                             path + std::string(64, 'r') +
                             " because no identity-based policy allows the sts:AssumeRole action";
  EXPECT_EQ(KeptText(denied), denied);
}

TEST_F(ServiceClientTest, ReadsTheErrorWhereverItStands) {
  CallError error =
      ErrorOf(HttpResponse{.status = 400,
                           .headers = {{"x-amzn-ErrorType", "ResourceNotFoundException:http://x/"},
                                       {"x-amzn-RequestId", "r-1"}},
                           .body = R"({"message":"no such stream"})"});
  EXPECT_EQ(error.error_class, ErrorClass::kOff);
  EXPECT_EQ(error.http_status, 400);
  EXPECT_EQ(error.code, "ResourceNotFoundException");
  EXPECT_EQ(error.message, "no such stream");
  EXPECT_EQ(error.request_id, "r-1");

  error = ErrorOf(HttpResponse{
      .status = 400,
      .headers = {},
      .body = R"({"__type":"com.amazonaws#LimitExceededException","Message":"slow down"})"});
  EXPECT_EQ(error.error_class, ErrorClass::kThrottle);
  EXPECT_EQ(error.message, "slow down");
}

TEST_F(ServiceClientTest, AnErrorWithoutAUsableBodyGoesByStatus) {
  EXPECT_EQ(ErrorOf(HttpResponse{.status = 503, .headers = {}, .body = "<html>"}).error_class,
            ErrorClass::kTransient);
  EXPECT_EQ(ErrorOf(HttpResponse{.status = 429, .headers = {}, .body = ""}).error_class,
            ErrorClass::kThrottle);
  EXPECT_EQ(ErrorOf(HttpResponse{.status = 301, .headers = {}, .body = "[1]"}).error_class,
            ErrorClass::kPermanent);
  EXPECT_EQ(
      ErrorOf(HttpResponse{.status = 400, .headers = {}, .body = R"({"__type":7})"}).error_class,
      ErrorClass::kPermanent);
}

TEST_F(ServiceClientTest, NoAnswerIsTransient) {
  const CallError error = ErrorOf(absl::DeadlineExceededError("too slow"));
  EXPECT_EQ(error.error_class, ErrorClass::kTransient);
  EXPECT_EQ(error.http_status, 0);
  EXPECT_EQ(error.code, kTimeoutCode);
  EXPECT_EQ(error.message, "too slow");
  EXPECT_EQ(ErrorOf(absl::UnavailableError("no connection")).code, "");
  EXPECT_EQ(ErrorOf(absl::InvalidArgumentError("a header can't be sent")).error_class,
            ErrorClass::kPermanent);
}

TEST_F(ServiceClientTest, TellsTheProviderOfRefusedCredentialsAlone) {
  ErrorOf(HttpResponse{.status = 400,
                       .headers = {},
                       .body = R"({"__type":"ProvisionedThroughputExceededException"})"});
  EXPECT_TRUE(credentials_->refused.empty());
  const CallError error = ErrorOf(
      HttpResponse{.status = 400, .headers = {}, .body = R"({"__type":"ExpiredTokenException"})"});
  EXPECT_EQ(error.error_class, ErrorClass::kCredentials);
  ASSERT_EQ(credentials_->refused.size(), 1u);
  EXPECT_EQ(credentials_->refused[0], **credentials_->answer);
}

TEST_F(ServiceClientTest, SendsNothingWithoutCredentials) {
  credentials_->answer = absl::UnavailableError("the role is being assumed");
  CallError error = std::get<CallError>(Call());
  EXPECT_EQ(error.error_class, ErrorClass::kCredentials);
  EXPECT_THAT(error.message, HasSubstr("being assumed"));
  credentials_->answer = absl::PermissionDeniedError("may not assume the role");
  error = std::get<CallError>(Call());
  EXPECT_EQ(error.error_class, ErrorClass::kOff);
  credentials_->answer = absl::FailedPreconditionError("no such role can be");
  error = std::get<CallError>(Call());
  EXPECT_EQ(error.error_class, ErrorClass::kPermanent);
  EXPECT_TRUE(transport_.requests.empty());
}

TEST_F(ServiceClientTest, ACallMayBringItsOwnCredentials) {
  const auto own = std::make_shared<StubCredentials>();
  own->answer = std::make_shared<const Credentials>(
      Credentials{"OWNKEY", Secret("s"), Secret(), absl::InfiniteFuture()});
  transport_.answer =
      HttpResponse{.status = 400, .headers = {}, .body = R"({"__type":"ExpiredTokenException"})"};
  Call({.timeouts = {}, .traceparent = "", .credentials = own});
  EXPECT_THAT(std::string(FindHeader(transport_.requests[0].headers, "authorization")),
              HasSubstr("Credential=OWNKEY/"));
  ASSERT_EQ(own->refused.size(), 1u);
  EXPECT_EQ(own->refused[0].access_key_id, "OWNKEY");
  EXPECT_TRUE(credentials_->refused.empty());
}

TEST_F(ServiceClientTest, AWrongClockIsSetByTheAnswerThatRefusesIt) {
  const ServiceClient client({.api = Api::kKinesis,
                              .service = "kinesis",
                              .region = "eu-west-1",
                              .endpoint = Endpoint::OfAws("kinesis", "eu-west-1"),
                              .read_error = &ReadJsonError},
                             transport_, credentials_, SystemClock());
  const auto call = [&] {
    std::optional<CallResult> result;
    client.Call({.method = "POST",
                 .endpoint = client.endpoint(),
                 .target = "/",
                 .headers = {},
                 .body = "{}"},
                {}, [&result](CallResult got) { result = std::move(got); });
    return std::get<CallError>(*std::move(result));
  };
  transport_.answer = HttpResponse{
      .status = 400,
      .headers = {{"Date", "Tue, 01 Jan 2030 00:20:00 GMT"}},
      .body = R"({"__type":"InvalidSignatureException","message":"Signature expired: 2026..."})"};
  EXPECT_EQ(call().error_class, ErrorClass::kTransient);
  EXPECT_TRUE(credentials_->refused.empty());
  call();
  EXPECT_THAT(std::string(FindHeader(transport_.requests[1].headers, "x-amz-date")),
              ::testing::StartsWith("20300101T002"));
  EXPECT_THAT(AmzDate(client.Now()).day(), "20300101");
}

TEST_F(ServiceClientTest, SendsWithoutASignatureWhatNeedsNone) {
  const ServiceClient client({.api = Api::kSts,
                              .service = "sts",
                              .region = "eu-west-1",
                              .endpoint = Endpoint::OfAws("sts", "eu-west-1"),
                              .read_error = &ReadJsonError},
                             transport_, credentials_, SystemClock());
  transport_.answer =
      HttpResponse{.status = 400, .headers = {}, .body = R"({"__type":"ExpiredTokenException"})"};
  client.CallUnsigned(
      {.method = "POST", .endpoint = client.endpoint(), .target = "/", .headers = {}, .body = "x"},
      {}, [](const CallResult& result) {
        EXPECT_EQ(std::get<CallError>(result).code, "ExpiredTokenException");
      });
  ASSERT_EQ(transport_.requests.size(), 1u);
  EXPECT_TRUE(transport_.requests[0].headers.empty());
  EXPECT_TRUE(credentials_->refused.empty());
}

TEST_F(ServiceClientTest, PrintsAnErrorForTheLog) {
  std::ostringstream out;
  out << CallError{ErrorClass::kThrottle, 400, "LimitExceededException", "slow down", "r-1"};
  EXPECT_EQ(out.str(), "throttle: 400 LimitExceededException: slow down (request r-1)");
}

}  // namespace
}  // namespace tidemark::aws
