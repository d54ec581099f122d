// The Lambda client against the project's own fake and moto: guards against client and fake sharing
// one wrong idea of Lambda.
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "common/aws/lambda.h"
#include "common/testing/fake_aws/backend.h"

namespace tidemark::aws {
namespace {

using fake_aws::Backend;
using fake_aws::BackendAbilities;

constexpr char kFunction[] = "arn:aws:lambda:us-east-1:123456789012:function:tidy_up";

class LambdaBackendsTest : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    transport_ = CurlTransport::Start({}).value();
    client_.emplace("us-east-1", endpoint_, *transport_,
                    std::make_shared<StaticCredentials>(
                        Credentials{"test", Secret("test"), Secret(), absl::InfiniteFuture()}),
                    SystemClock());
    if (backend_.fake() != nullptr) return backend_.fake()->lambda().PutFunction("tidy_up");
    // Else it wants docker. Any function answers what it is given, then.
    Post("/moto-api/config", {{"lambda", {{"use_docker", false}}}});
  }

  void Post(const std::string& target, const nlohmann::json& body) {
    std::promise<int> promise;
    transport_->Send({.method = "POST",
                      .endpoint = endpoint_,
                      .target = target,
                      .headers = {{"Content-Type", "application/json"}},
                      .body = body.dump()},
                     {}, [&promise](absl::StatusOr<HttpResponse> answer) {
                       promise.set_value(answer.ok() ? answer->status : 0);
                     });
    ASSERT_EQ(promise.get_future().get() / 100, 2) << target;
  }

  // What the next call is answered with.
  void QueueAnswer(const std::string& payload) {
    if (backend_.fake() == nullptr) {
      return Post("/moto-api/static/lambda-simple/response", {{"results", {payload}}});
    }
    backend_.fake()->lambda().Queue("tidy_up", [payload](const std::string&) {
      return fake_aws::FunctionOutcome{.payload = payload, .error = ""};
    });
  }

  InvokeResult Invoke(const std::string& payload) {
    std::promise<InvokeResult> promise;
    client_->Invoke(kFunction, payload, {},
                    [&promise](InvokeResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  const fake_aws::RunningBackend backend_{GetParam()};
  const Endpoint endpoint_ = Endpoint::Parse(backend_.url()).value();
  std::unique_ptr<CurlTransport> transport_;
  std::optional<LambdaClient> client_;
};

INSTANTIATE_TEST_SUITE_P(All, LambdaBackendsTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::lambda)),
                         [](const auto& info) { return fake_aws::BackendName(info.param); });

// One test, since moto's answers are queued for whoever calls next.
TEST_P(LambdaBackendsTest, AFunctionGetsItsPayloadAndAnswers) {
  const std::string payload = R"({"a":"caf)"
                              "\xc3\xa9"
                              R"( + %20"})";
  InvokeResult result = Invoke(payload);
  const auto* answer = std::get_if<FunctionAnswer>(&result);
  ASSERT_NE(answer, nullptr) << std::get<CallError>(result);
  EXPECT_EQ(answer->payload, payload);
  EXPECT_EQ(answer->function_error, "");

  QueueAnswer("no JSON");
  result = Invoke(payload);
  answer = std::get_if<FunctionAnswer>(&result);
  ASSERT_NE(answer, nullptr) << std::get<CallError>(result);
  EXPECT_EQ(answer->payload, "no JSON");
}

}  // namespace
}  // namespace tidemark::aws
