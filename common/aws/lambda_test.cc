#include "common/aws/lambda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/stub_transport.h"
#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::EndsWith;
using testing::SettableClock;

constexpr char kFunction[] = "arn:aws:lambda:eu-west-1:123456789012:function:tidy up";

class LambdaTest : public ::testing::Test {
 protected:
  InvokeResult Invoke(const CallOptions& options = {}) {
    std::optional<InvokeResult> result;
    client_.Invoke(kFunction, R"({"a":1})", options,
                   [&](InvokeResult got) { result = std::move(got); });
    return *std::move(result);
  }

  CallError ErrorOf(int status, const std::string& code) {
    transport_.answer = HttpResponse{
        .status = status, .headers = {{"x-amzn-ErrorType", code}}, .body = R"({"message":"no"})"};
    return std::get<CallError>(Invoke());
  }

  SettableClock clock_;
  StubTransport transport_;
  LambdaClient client_{"eu-west-1", Endpoint::OfAws("lambda", "eu-west-1"), transport_,
                       std::make_shared<StaticCredentials>(
                           Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                       clock_};
};

TEST_F(LambdaTest, RunsAFunction) {
  transport_.answer = HttpResponse{.status = 200, .headers = {}, .body = R"({"b":2})"};
  const auto answer = std::get<FunctionAnswer>(Invoke({.timeouts = {.total = absl::Seconds(5)}}));
  EXPECT_EQ(answer.payload, R"({"b":2})");
  EXPECT_EQ(answer.function_error, "");
  const HttpRequest& sent = transport_.requests.back();
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.endpoint.Url(), "https://lambda.eu-west-1.amazonaws.com");
  EXPECT_EQ(sent.target,
            "/2015-03-31/functions/"
            "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Atidy%20up/invocations");
  EXPECT_EQ(FindHeader(sent.headers, "x-amz-invocation-type"), "RequestResponse");
  EXPECT_EQ(FindHeader(sent.headers, "content-type"), "application/json");
  EXPECT_EQ(sent.body, R"({"a":1})");
  EXPECT_EQ(transport_.timeouts_of.back().total, absl::Seconds(5));
}

// What botocore 1.43 gives for this request: it encodes the path once more, as AWS does.
TEST_F(LambdaTest, IsSignedAsAwssOwnClientsSign) {
  Invoke();
  EXPECT_THAT(std::string(FindHeader(transport_.requests.back().headers, "authorization")),
              EndsWith("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                       "x-amz-invocation-type, Signature="
                       "70d9ce2cd579d5663b2c544a8dd688df5e4bf23a85665fa46ff9dfb5a11ee4d5"));
}

TEST_F(LambdaTest, AFunctionsFailureIsAnAnswer) {
  for (const char* kind : {"Handled", "Unhandled"}) {
    transport_.answer = HttpResponse{.status = 200,
                                     .headers = {{"X-Amz-Function-Error", kind}},
                                     .body = R"({"errorMessage":"oh"})"};
    const auto answer = std::get<FunctionAnswer>(Invoke());
    EXPECT_EQ(answer.function_error, kind);
    EXPECT_EQ(answer.payload, R"({"errorMessage":"oh"})");
  }
}

TEST_F(LambdaTest, AnyBytesAreAnAnswer) {
  const std::string bytes("\0\xff{", 3);
  transport_.answer = HttpResponse{.status = 200, .headers = {}, .body = bytes};
  EXPECT_EQ(std::get<FunctionAnswer>(Invoke()).payload, bytes);
  transport_.answer = HttpResponse{.status = 200, .headers = {}, .body = ""};
  EXPECT_EQ(std::get<FunctionAnswer>(Invoke()).payload, "");
}

TEST_F(LambdaTest, TellsErrorsApart) {
  EXPECT_EQ(ErrorOf(429, "TooManyRequestsException").error_class, ErrorClass::kThrottle);
  EXPECT_EQ(ErrorOf(502, "EC2ThrottledException").error_class, ErrorClass::kThrottle);
  EXPECT_EQ(ErrorOf(500, "ServiceException").error_class, ErrorClass::kTransient);
  EXPECT_EQ(ErrorOf(409, "ResourceConflictException").error_class, ErrorClass::kTransient);
  EXPECT_EQ(ErrorOf(404, "ResourceNotFoundException").error_class, ErrorClass::kPermanent);
  EXPECT_EQ(ErrorOf(403, "AccessDeniedException").error_class, ErrorClass::kPermanent);
  EXPECT_EQ(ErrorOf(502, "InvalidZipFileException").error_class, ErrorClass::kPermanent);
  EXPECT_EQ(ErrorOf(413, "RequestTooLargeException:http://x").code, "RequestTooLargeException");
}

TEST_F(LambdaTest, NoAnswerInTimeIsATimeout) {
  transport_.answer = absl::DeadlineExceededError("no answer within 5 s");
  auto error = std::get<CallError>(Invoke());
  EXPECT_EQ(error.http_status, 0);
  EXPECT_EQ(error.code, "Timeout");
  EXPECT_EQ(error.error_class, ErrorClass::kTransient);
  transport_.answer = absl::UnavailableError("connection refused");
  error = std::get<CallError>(Invoke());
  EXPECT_EQ(error.code, "");
  EXPECT_EQ(error.error_class, ErrorClass::kTransient);
}

}  // namespace
}  // namespace tidemark::aws
