#include "common/testing/fake_aws/lambda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/uri.h"

namespace tidemark::fake_aws {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TestClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }

  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
};

class FakeLambdaTest : public ::testing::Test {
 protected:
  ServerResponse Invoke(const std::string& function, const std::string& payload = "{}",
                        const std::string& type = "RequestResponse") {
    const ServerRequest request{
        .method = "POST",
        .target = "/2015-03-31/functions/" + aws::UriEncode(function) + "/invocations",
        .headers = {{"X-Amz-Invocation-Type", type}},
        .body = payload};
    Call call = lambda_.Read(request);
    call.caller = {.account = "123456789012", .arn = "arn:aws:iam::1:user/u", .role_arn = ""};
    return lambda_.Answer(call, std::nullopt);
  }

  static std::string CodeOf(const ServerResponse& answer) {
    return std::string(aws::FindHeader(answer.headers, "x-amzn-errortype"));
  }

  static std::string FailureOf(const ServerResponse& answer) {
    return std::string(aws::FindHeader(answer.headers, "x-amz-function-error"));
  }

  TestClock clock_;
  FakeLambda lambda_{{}, clock_};
};

TEST_F(FakeLambdaTest, AFunctionAnswersWhatItIsGiven) {
  lambda_.PutFunction("f");
  const ServerResponse answer = Invoke("f", R"({"a":1})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"a":1})");
  EXPECT_EQ(FailureOf(answer), "");
  EXPECT_EQ(Invoke("f", "").status, 200);
}

TEST_F(FakeLambdaTest, AFunctionIsKnownByNameOrArn) {
  lambda_.PutFunction("f");
  EXPECT_EQ(Invoke("f").status, 200);
  EXPECT_EQ(Invoke("f:prod").status, 200);
  EXPECT_EQ(Invoke("arn:aws:lambda:us-east-1:123456789012:function:f").status, 200);
  EXPECT_EQ(Invoke("arn:aws:lambda:us-east-1:123456789012:function:f:7").status, 200);
  std::vector<std::string> qualifiers;
  for (const Invocation& invocation : lambda_.Invocations("f")) {
    qualifiers.push_back(invocation.qualifier);
  }
  EXPECT_THAT(qualifiers, ElementsAre("", "prod", "", "7"));
  EXPECT_EQ(CodeOf(Invoke("arn:aws:lambda:us-east-1:210987654321:function:f")),
            "AccessDeniedException");
}

TEST_F(FakeLambdaTest, AFunctionDoesWhatTheTestSays) {
  lambda_.PutFunction("f", [](const std::string& payload) {
    return FunctionOutcome{.payload = payload + "!", .error = "Handled", .sleep = absl::Seconds(7)};
  });
  const ServerResponse answer = Invoke("f", "[1]");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[1]!");
  EXPECT_EQ(FailureOf(answer), "Handled");
  EXPECT_EQ(answer.delay, absl::Seconds(7));
  lambda_.PutFunction("f");
  EXPECT_EQ(Invoke("f", "[1]").body, "[1]");
}

TEST_F(FakeLambdaTest, QueuedAnswersComeFirst) {
  lambda_.PutFunction("f");
  const auto fixed = [](const std::string& text) {
    return [text](const std::string&) { return FunctionOutcome{.payload = text, .error = ""}; };
  };
  EXPECT_TRUE(lambda_.Queue("f", fixed("1")));
  EXPECT_TRUE(lambda_.Queue("f", fixed("2")));
  EXPECT_FALSE(lambda_.Queue("g", fixed("3")));
  EXPECT_EQ(Invoke("f").body, "1");
  EXPECT_EQ(Invoke("f").body, "2");
  EXPECT_EQ(Invoke("f").body, "{}");
}

TEST_F(FakeLambdaTest, RecordsItsCalls) {
  lambda_.PutFunction("f");
  Invoke("f", "[1]");
  Invoke("f", "[2]");
  EXPECT_THAT(lambda_.Invocations("f"), SizeIs(2));
  ASSERT_THAT(lambda_.Invocations("f", 1, 5), SizeIs(1));
  EXPECT_EQ(lambda_.Invocations("f", 1)[0].payload, "[2]");
  EXPECT_EQ(lambda_.Invocations("f", 1)[0].arrived, clock_.now);
  EXPECT_THAT(lambda_.Invocations("g"), SizeIs(0));
  lambda_.Reset();
  EXPECT_THAT(lambda_.Invocations("f"), SizeIs(0));
}

TEST_F(FakeLambdaTest, CallsBeyondItsConcurrencyAreThrottled) {
  lambda_.PutFunction("f", [](const std::string& payload) {
    return FunctionOutcome{.payload = payload, .error = "", .sleep = absl::Seconds(3)};
  });
  ASSERT_TRUE(lambda_.SetConcurrency("f", 2));
  EXPECT_EQ(Invoke("f").status, 200);
  EXPECT_EQ(Invoke("f").status, 200);
  const ServerResponse throttled = Invoke("f");
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(CodeOf(throttled), "TooManyRequestsException");
  clock_.now += absl::Seconds(3);
  EXPECT_EQ(Invoke("f").status, 200);
  ASSERT_TRUE(lambda_.SetConcurrency("f", 0));
  EXPECT_EQ(Invoke("f").status, 429);
  ASSERT_TRUE(lambda_.SetConcurrency("f", std::nullopt));
  EXPECT_EQ(Invoke("f").status, 200);
  EXPECT_FALSE(lambda_.SetConcurrency("g", 1));
  EXPECT_THAT(lambda_.Invocations("f"), SizeIs(4));
}

TEST_F(FakeLambdaTest, RefusesWhatAwsRefuses) {
  lambda_.PutFunction("f");
  EXPECT_EQ(Invoke("g").status, 404);
  EXPECT_EQ(CodeOf(Invoke("g")), "ResourceNotFoundException");
  EXPECT_EQ(CodeOf(Invoke("f", "{")), "InvalidRequestContentException");
  EXPECT_EQ(CodeOf(Invoke("f", "{}", "Event")), "InvalidParameterValueException");
  const std::string largest = "\"" + std::string(6'291'454, 'x') + "\"";
  EXPECT_EQ(Invoke("f", largest).status, 200);
  EXPECT_EQ(Invoke("f", largest + " ").status, 413);
  ASSERT_TRUE(lambda_.DeleteFunction("f"));
  EXPECT_FALSE(lambda_.DeleteFunction("f"));
  EXPECT_EQ(Invoke("f").status, 404);
}

TEST_F(FakeLambdaTest, AnAnswerThatIsTooLargeIsAFailure) {
  lambda_.PutFunction("f", [](const std::string&) {
    return FunctionOutcome{.payload = std::string(6'291'457, 'x'), .error = ""};
  });
  const ServerResponse answer = Invoke("f");
  EXPECT_EQ(FailureOf(answer), "Unhandled");
  EXPECT_THAT(answer.body, HasSubstr("Function.ResponseSizeTooLarge"));
}

TEST_F(FakeLambdaTest, KnowsItsRequestsByTheirPath) {
  const auto knows = [](const std::string& method, const std::string& target) {
    return FakeLambda::Knows({.method = method, .target = target, .headers = {}, .body = {}});
  };
  EXPECT_TRUE(knows("POST", "/2015-03-31/functions/f/invocations"));
  EXPECT_FALSE(knows("GET", "/2015-03-31/functions/f/invocations"));
  EXPECT_FALSE(knows("POST", "/bucket/key"));
}

}  // namespace
}  // namespace tidemark::fake_aws
