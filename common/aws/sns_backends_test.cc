// The SNS client against the project's own fake and moto: guards against client and fake sharing
// one wrong idea of SNS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "common/aws/form_request.h"
#include "common/aws/sns.h"
#include "common/aws/xml_answer.h"
#include "common/testing/fake_aws/backend.h"

namespace tidemark::aws {
namespace {

using fake_aws::Backend;
using fake_aws::BackendAbilities;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class SnsBackendsTest : public ::testing::TestWithParam<Backend> {
 protected:
  // moto's tokens are of all applications together, and tests share it.
  static std::string Own(std::string_view name) {
    return absl::StrCat(::testing::UnitTest::GetInstance()->current_test_info()->name(), "-",
                        ::getpid(), "-", std::string(name));
  }

  // A signed call that services don't make; its answer's body.
  std::string Call(std::string_view action, const std::vector<FormParameter>& parameters) {
    std::promise<CallResult> promise;
    plain_->Call(FormRequest(plain_->endpoint(), action, "2010-03-31", parameters), {},
                 [&promise](CallResult result) { promise.set_value(std::move(result)); });
    const CallResult result = promise.get_future().get();
    if (const auto* error = std::get_if<CallError>(&result)) {
      ADD_FAILURE() << action << ": " << *error;
      return "";
    }
    return std::get<HttpResponse>(result).body;
  }

  void SetUp() override {
    const Endpoint endpoint = Endpoint::Parse(backend_.url()).value();
    transport_ = CurlTransport::Start({}).value();
    const auto credentials = std::make_shared<StaticCredentials>(
        Credentials{"test", Secret("test"), Secret(), absl::InfiniteFuture()});
    client_.emplace("us-east-1", endpoint, *transport_, credentials, SystemClock());
    plain_.emplace(ServiceClient::Settings{.api = Api::kSns,
                                           .service = "sns",
                                           .region = "us-east-1",
                                           .endpoint = endpoint,
                                           .read_error = &ReadXmlError},
                   *transport_, credentials, SystemClock());
    std::string name = Own("app");
    std::replace(name.begin(), name.end(), '/', '-');
    pugi::xml_document document;
    document.load_string(
        Call("CreatePlatformApplication", {{"Name", name}, {"Platform", "GCM"}}).c_str());
    application_ = document.child("CreatePlatformApplicationResponse")
                       .child("CreatePlatformApplicationResult")
                       .child_value("PlatformApplicationArn");
    ASSERT_THAT(application_, HasSubstr(":app/GCM/" + name));
  }

  PlatformEndpointResult Create(std::string_view token, std::string_view user_data = "") {
    std::promise<PlatformEndpointResult> promise;
    client_->CreatePlatformEndpoint(
        {.application_arn = application_, .token = token, .custom_user_data = user_data}, {},
        [&promise](PlatformEndpointResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  // Waits for a call that has no result.
  template <typename Start>
  static std::optional<CallError> Done(const Start& start) {
    std::promise<std::optional<CallError>> promise;
    start([&promise](std::optional<CallError> error) { promise.set_value(std::move(error)); });
    return promise.get_future().get();
  }

  std::optional<CallError> Set(const std::string& endpoint, const EndpointAttributes& attributes) {
    return Done([&](auto done) {
      client_->SetEndpointAttributes(endpoint, attributes, {}, std::move(done));
    });
  }

  std::optional<CallError> Delete(const std::string& endpoint) {
    return Done([&](auto done) { client_->DeleteEndpoint(endpoint, {}, std::move(done)); });
  }

  std::optional<CallError> Publish(const std::string& endpoint, const std::string& message) {
    return Done([&](auto done) { client_->Publish(endpoint, message, {}, std::move(done)); });
  }

  PlatformApplicationResult Describe() {
    std::promise<PlatformApplicationResult> promise;
    client_->GetPlatformApplicationAttributes(
        application_, {},
        [&promise](PlatformApplicationResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  // What the endpoint took; moto does not tell in which order.
  std::vector<std::string> MessagesOf(const std::string& endpoint) {
    std::vector<std::string> messages;
    if (backend_.fake() != nullptr) {
      for (const auto& push : backend_.fake()->sns().Pushes(endpoint)) {
        messages.push_back(push.message);
      }
      return messages;
    }
    std::promise<std::string> promise;
    transport_->Send(
        {.method = "GET",
         .endpoint = plain_->endpoint(),
         .target = "/moto-api/data.json",
         .headers = {},
         .body = {}},
        {}, [&promise](absl::StatusOr<HttpResponse> answer) { promise.set_value(answer->body); });
    const auto data = nlohmann::json::parse(promise.get_future().get());
    for (const auto& kept : data.at("sns").at("PlatformEndpoint")) {
      if (kept.at("arn") != endpoint) continue;
      for (const auto& [id, message] : kept.at("messages").items()) {
        messages.push_back(message.get<std::string>());
      }
    }
    return messages;
  }

  const fake_aws::RunningBackend backend_{GetParam()};
  std::unique_ptr<CurlTransport> transport_;
  std::optional<SnsClient> client_;
  std::optional<ServiceClient> plain_;
  std::string application_;
};

INSTANTIATE_TEST_SUITE_P(All, SnsBackendsTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::sns)),
                         [](const auto& info) { return fake_aws::BackendName(info.param); });

TEST_P(SnsBackendsTest, ATokenHasOneEndpoint) {
  const std::string token = Own("a:b/c+d %&=\"<>");
  const PlatformEndpointResult first = Create(token);
  ASSERT_FALSE(first.error) << *first.error;
  EXPECT_FALSE(first.existing);
  EXPECT_THAT(first.endpoint_arn, HasSubstr(":endpoint/GCM/"));
  const PlatformEndpointResult again = Create(token);
  ASSERT_FALSE(again.error) << *again.error;
  EXPECT_EQ(again.endpoint_arn, first.endpoint_arn);
  const PlatformEndpointResult other = Create(Own("other"));
  ASSERT_FALSE(other.error) << *other.error;
  EXPECT_NE(other.endpoint_arn, first.endpoint_arn);
}

TEST_P(SnsBackendsTest, AnEndpointWithOtherAttributesIsFoundAndSet) {
  const std::string token = Own("token");
  const std::string endpoint = Create(token, "one").endpoint_arn;
  PlatformEndpointResult found = Create(token, "two");
  ASSERT_FALSE(found.error) << *found.error;
  EXPECT_TRUE(found.existing);
  EXPECT_EQ(found.endpoint_arn, endpoint);

  EXPECT_FALSE(Set(endpoint, {.token = token, .custom_user_data = "", .enabled = false}));
  found = Create(token, "one");
  ASSERT_FALSE(found.error) << *found.error;
  EXPECT_TRUE(found.existing);
  EXPECT_EQ(found.endpoint_arn, endpoint);
  EXPECT_FALSE(Set(endpoint, {.token = token, .custom_user_data = "two", .enabled = true}));
  const std::string attributes = Call("GetEndpointAttributes", {{"EndpointArn", endpoint}});
  EXPECT_THAT(attributes, HasSubstr(token));
  EXPECT_THAT(attributes, HasSubstr("two"));
  EXPECT_FALSE(Publish(endpoint, R"({"default":"x"})"));
}

TEST_P(SnsBackendsTest, WhatIsPublishedArrivesAsItIs) {
  const std::string endpoint = Create(Own("token")).endpoint_arn;
  const std::string first =
      R"({"default":"caf)"
      "\xc3\xa9"
      R"( + %20&=","GCM":"{\"fcmV1Message\":{\"message\":{\"data\":{\"a\":\"b c\"}}}}"})";
  const std::string second = R"({"default":""})";
  std::optional<CallError> error = Publish(endpoint, first);
  ASSERT_FALSE(error) << *error;
  error = Publish(endpoint, second);
  ASSERT_FALSE(error) << *error;
  EXPECT_THAT(MessagesOf(endpoint), UnorderedElementsAre(first, second));
}

TEST_P(SnsBackendsTest, ADisabledOrDeletedEndpointIsOff) {
  const std::string endpoint = Create(Own("token")).endpoint_arn;
  EXPECT_FALSE(Set(endpoint, {.token = Own("token"), .custom_user_data = "", .enabled = false}));
  std::optional<CallError> error = Publish(endpoint, R"({"default":"x"})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "EndpointDisabled");
  EXPECT_EQ(error->error_class, ErrorClass::kOff);

  EXPECT_FALSE(Delete(endpoint));
  EXPECT_FALSE(Delete(endpoint));
  error = Publish(endpoint, R"({"default":"x"})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "NotFound");
  EXPECT_EQ(error->error_class, ErrorClass::kOff);
  error = Set(endpoint, {.token = Own("token"), .custom_user_data = ""});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "NotFound");
}

TEST_P(SnsBackendsTest, AnApplicationIsThereAndEnabledOrNot) {
  EXPECT_FALSE(Describe().error);
  EXPECT_TRUE(Describe().enabled);
  Call("SetPlatformApplicationAttributes", {{"PlatformApplicationArn", application_},
                                            {"Attributes.entry.1.key", "Enabled"},
                                            {"Attributes.entry.1.value", "false"}});
  EXPECT_FALSE(Describe().enabled);
  Call("DeletePlatformApplication", {{"PlatformApplicationArn", application_}});
  const PlatformApplicationResult gone = Describe();
  ASSERT_TRUE(gone.error);
  EXPECT_EQ(gone.error->code, "NotFound");
  EXPECT_EQ(gone.error->error_class, ErrorClass::kOff);
  const PlatformEndpointResult endpoint = Create(Own("token"));
  ASSERT_TRUE(endpoint.error);
  EXPECT_EQ(endpoint.error->code, "NotFound");
}

TEST_P(SnsBackendsTest, TheLimitOfAMessageIsTheOneWeKeep) {
  const std::string endpoint = Create(Own("token")).endpoint_arn;
  const std::string around = R"({"default":""})";
  const std::string longest =
      R"({"default":")" + std::string(kMaxSnsMessageBytes - around.size(), 'x') + R"("})";
  EXPECT_FALSE(Publish(endpoint, longest));
  const std::optional<CallError> error = Publish(endpoint, longest + " ");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error_class, ErrorClass::kPermanent);
}

}  // namespace
}  // namespace tidemark::aws
