// How push sync's and sync triggers' part of the fake is called and steered over HTTP.
#include "common/testing/fake_aws/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "common/aws/lambda.h"
#include "common/aws/sns.h"
#include "common/testing/fake_aws/fake_aws.h"

namespace tidemark::fake_aws {
namespace {

using aws::CallError;
using nlohmann::json;
using ::testing::SizeIs;

constexpr char kMessage[] = R"({"default":"d","GCM":"{\"data\":{}}"})";

class AdminTest : public ::testing::Test {
 protected:
  AdminTest() {
    FakeAws::Options options;
    options.keys = {base_};
    fake_ = FakeAws::Start(std::move(options)).value();
    transport_ = aws::CurlTransport::Start({}).value();
  }

  aws::Endpoint endpoint() const { return aws::Endpoint::Parse(fake_->Url()).value(); }

  // An answer of the fake's own pages.
  std::pair<int, json> Http(const std::string& method, const std::string& page,
                            const json& body = nullptr) {
    std::promise<absl::StatusOr<aws::HttpResponse>> promise;
    transport_->Send({.method = method,
                      .endpoint = endpoint(),
                      .target = "/_fake/" + page,
                      .headers = {},
                      .body = body.is_null() ? "" : body.dump()},
                     {}, [&promise](absl::StatusOr<aws::HttpResponse> response) {
                       promise.set_value(std::move(response));
                     });
    const absl::StatusOr<aws::HttpResponse> response = promise.get_future().get();
    if (!response.ok()) return {0, json(response.status().ToString())};
    return {response->status, json::parse(response->body, nullptr, false)};
  }

  aws::PlatformEndpointResult CreateEndpoint(const std::string& application) {
    const aws::SnsClient client("us-east-1", endpoint(), *transport_,
                                std::make_shared<aws::StaticCredentials>(caller_), SystemClock());
    std::promise<aws::PlatformEndpointResult> promise;
    client.CreatePlatformEndpoint(
        {.application_arn = application, .token = "t", .custom_user_data = ""}, {},
        [&promise](aws::PlatformEndpointResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  std::string PublishError(const std::string& endpoint_arn) {
    const aws::SnsClient client("us-east-1", endpoint(), *transport_,
                                std::make_shared<aws::StaticCredentials>(caller_), SystemClock());
    std::promise<std::optional<CallError>> promise;
    client.Publish(endpoint_arn, kMessage, {}, [&promise](std::optional<CallError> error) {
      promise.set_value(std::move(error));
    });
    const std::optional<CallError> error = promise.get_future().get();
    return error ? error->code : "";
  }

  aws::InvokeResult Invoke(const std::string& payload, absl::Duration within = absl::Seconds(15)) {
    const aws::LambdaClient client("us-east-1", endpoint(), *transport_,
                                   std::make_shared<aws::StaticCredentials>(caller_),
                                   SystemClock());
    std::promise<aws::InvokeResult> promise;
    client.Invoke("arn:aws:lambda:us-east-1:123456789012:function:f", payload,
                  {.timeouts = {.total = within}},
                  [&promise](aws::InvokeResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  std::string InvokeError(absl::Duration within = absl::Seconds(15)) {
    const aws::InvokeResult result = Invoke("{}", within);
    const auto* error = std::get_if<CallError>(&result);
    return error == nullptr ? "" : error->code;
  }

  const aws::Credentials base_{"test", Secret("test"), Secret(), absl::InfiniteFuture()};
  aws::Credentials caller_ = base_;  // whom the clients sign for
  std::unique_ptr<FakeAws> fake_;
  std::unique_ptr<aws::CurlTransport> transport_;
};

TEST_F(AdminTest, PushesAreSteeredAndReadOverHttp) {
  const json made = Http("POST", "sns/application", {{"platform", "GCM"}, {"name", "n"}}).second;
  const std::string application = made["arn"];
  const std::string endpoint = CreateEndpoint(application).endpoint_arn;
  EXPECT_EQ(PublishError(endpoint), "");
  EXPECT_EQ(PublishError(endpoint), "");
  const json pushes = Http("GET", "sns/pushes?from=1&limit=5").second["pushes"];
  ASSERT_EQ(pushes.size(), 1u);
  EXPECT_EQ(pushes[0]["endpoint"], endpoint);
  EXPECT_EQ(pushes[0]["message"], kMessage);
  EXPECT_EQ(pushes[0]["payload"], R"({"data":{}})");
  EXPECT_GT(pushes[0]["arrivedMillis"], 1'700'000'000'000);
  EXPECT_EQ(Http("GET", "sns/pushes?endpoint=" + endpoint).second["pushes"].size(), 2u);
  EXPECT_EQ(Http("GET", "sns/pushes?endpoint=other").second["pushes"].size(), 0u);
  EXPECT_EQ(Http("GET", "counters").second["sns"]["pushes"], 2);
  EXPECT_EQ(Http("GET", "counters").second["calls"]["sns.Publish"], 2);

  EXPECT_EQ(Http("POST", "sns/enabled", {{"arn", endpoint}, {"enabled", false}}).first, 200);
  EXPECT_EQ(PublishError(endpoint), "EndpointDisabled");
  const json endpoints = Http("GET", "sns/endpoints").second["endpoints"];
  EXPECT_EQ(endpoints, json::array({{{"arn", endpoint},
                                     {"application", application},
                                     {"token", "t"},
                                     {"customUserData", ""},
                                     {"enabled", false},
                                     {"pushes", 2}}}));
  EXPECT_EQ(Http("POST", "sns/enabled", {{"arn", application}, {"enabled", false}}).first, 200);
  EXPECT_EQ(PublishError(endpoint), "PlatformApplicationDisabled");
  EXPECT_EQ(Http("DELETE", "sns/endpoint?arn=" + endpoint).first, 200);
  EXPECT_EQ(PublishError(endpoint), "NotFound");
  EXPECT_EQ(Http("DELETE", "sns/application?arn=" + application).first, 200);
  EXPECT_EQ(CreateEndpoint(application).error->code, "NotFound");
}

TEST_F(AdminTest, FaultsStrikeAnApplicationsPushes) {
  const std::string application = fake_->sns().CreateApplication("GCM", "n");
  const std::string endpoint = CreateEndpoint(application).endpoint_arn;
  const std::string of_application = endpoint.substr(0, endpoint.rfind('/'));
  Http("POST", "script",
       {{"faults",
         {{{"kind", "error"},
           {"service", "sns"},
           {"operation", "Publish"},
           {"resource", of_application},
           {"status", 429},
           {"code", "Throttled"}}}}});
  EXPECT_EQ(PublishError(endpoint), "Throttled");
  EXPECT_EQ(PublishError(endpoint), "");
  EXPECT_EQ(fake_->sns().pushes(), 1u);
  fake_->faults().Add({.operation = "Publish", .times = 0, .kind = Fault::Kind::kLoseAnswer});
  PublishError(endpoint);
  EXPECT_GE(fake_->sns().pushes(), 2u) << "it was taken";
}

TEST_F(AdminTest, ARoleMayDoWhatItsActionsSay) {
  const std::string application = fake_->sns().CreateApplication("GCM", "n", "210987654321");
  fake_->lambda().PutFunction("f");
  EXPECT_EQ(CreateEndpoint(application).error->code, "AuthorizationError");
  Role role;
  role.arn = "arn:aws:iam::210987654321:role/r";
  role.actions = {"sns:CreatePlatformEndpoint"};
  fake_->iam().PutRole(role);
  caller_ = fake_->iam().Issue(role, "session", absl::Hours(1));
  const aws::PlatformEndpointResult made = CreateEndpoint(application);
  ASSERT_FALSE(made.error) << *made.error;
  EXPECT_EQ(PublishError(made.endpoint_arn), "AuthorizationError");
  EXPECT_EQ(InvokeError(), "AccessDeniedException");
  role.actions = {"sns:*", "lambda:InvokeFunction"};
  fake_->iam().PutRole(role);
  EXPECT_EQ(PublishError(made.endpoint_arn), "");
  EXPECT_EQ(InvokeError(), "AccessDeniedException") << "another account's function";
  fake_->iam().ExpireSessions(role.arn);
  EXPECT_EQ(PublishError(made.endpoint_arn), "ExpiredToken");
  EXPECT_EQ(InvokeError(), "ExpiredTokenException");
}

TEST_F(AdminTest, FunctionsAreSteeredAndReadOverHttp) {
  const auto answer = [this](const std::string& payload) {
    return std::get<aws::FunctionAnswer>(Invoke(payload));
  };
  EXPECT_EQ(InvokeError(), "ResourceNotFoundException");
  EXPECT_EQ(Http("PUT", "lambda/function", {{"name", "f"}}).first, 200);
  EXPECT_EQ(answer(R"({"a":1})").payload, R"({"a":1})");
  EXPECT_EQ(Http("PUT", "lambda/function",
                 {{"name", "f"}, {"patch", {{"a", {{"b", 2}}}, {"c", nullptr}}}})
                .first,
            200);
  EXPECT_EQ(json::parse(answer(R"({"a":{"x":1},"c":3})").payload),
            json({{"a", {{"x", 1}, {"b", 2}}}}));
  EXPECT_EQ(
      Http("POST", "lambda/queue",
           {{"name", "f"},
            {"answers", {{{"payload", "not JSON"}}, {{"payload", "{}"}, {"error", "Unhandled"}}}}})
          .first,
      200);
  EXPECT_EQ(answer("{}").payload, "not JSON");
  EXPECT_EQ(answer("{}").function_error, "Unhandled");
  EXPECT_EQ(answer("{}").function_error, "");

  EXPECT_EQ(Http("POST", "lambda/concurrency", {{"name", "f"}, {"limit", 0}}).first, 200);
  EXPECT_EQ(InvokeError(), "TooManyRequestsException");
  EXPECT_EQ(Http("POST", "lambda/concurrency", {{"name", "f"}, {"limit", nullptr}}).first, 200);
  EXPECT_EQ(InvokeError(), "");
  const json calls = Http("GET", "lambda/invocations?name=f&limit=1").second["invocations"];
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0]["payload"], R"({"a":1})");
  EXPECT_EQ(calls[0]["qualifier"], "");
  EXPECT_EQ(Http("GET", "lambda/invocations?name=f").second["invocations"].size(), 6u);
  EXPECT_EQ(Http("DELETE", "lambda/function?name=f").first, 200);
  EXPECT_EQ(InvokeError(), "ResourceNotFoundException");
}

TEST_F(AdminTest, AFunctionThatSleepsHoldsUpNobodyElse) {
  Http("PUT", "lambda/function", {{"name", "f"}, {"sleepSeconds", 3600}});
  EXPECT_EQ(InvokeError(absl::Milliseconds(50)), "Timeout");
  EXPECT_THAT(fake_->lambda().Invocations("f"), SizeIs(1));
  fake_->lambda().PutFunction("f");
  EXPECT_EQ(InvokeError(), "");
}

TEST_F(AdminTest, RefusesWrongOrders) {
  const auto refused = [this](const std::string& method, const std::string& page,
                              const json& body = nullptr) {
    return Http(method, page, body).first;
  };
  EXPECT_EQ(refused("POST", "sns/application", {{"platform", "GCM"}}), 400);
  EXPECT_EQ(refused("POST", "sns/enabled", {{"arn", "x"}, {"enabled", true}}), 400);
  EXPECT_EQ(refused("DELETE", "sns/application?arn=x"), 400);
  EXPECT_EQ(refused("DELETE", "sns/endpoint?arn=x"), 400);
  EXPECT_EQ(refused("GET", "sns/pushes?from=x"), 400);
  EXPECT_EQ(refused("GET", "sns/nothing"), 404);
  EXPECT_EQ(refused("PUT", "lambda/function", {{"payload", "x"}}), 400);
  EXPECT_EQ(refused("PUT", "lambda/function", {{"name", "f"}, {"sleep", 1}}), 400);
  EXPECT_EQ(refused("POST", "lambda/queue", {{"name", "f"}, {"answers", {{{"error", ""}}}}}), 400);
  EXPECT_EQ(refused("POST", "lambda/concurrency", {{"name", "f"}, {"limit", 1}}), 400);
  EXPECT_EQ(refused("DELETE", "lambda/function?name=f"), 400);
  EXPECT_EQ(refused("GET", "lambda/invocations?name=f&limit=x"), 400);
  EXPECT_EQ(refused("GET", "lambda/nothing"), 404);
}

}  // namespace
}  // namespace tidemark::fake_aws
