#include "common/testing/fake_aws/sns.h"

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
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000); }
};

class FakeSnsTest : public ::testing::Test {
 protected:
  // Asks with parameters NAME, VALUE, ...
  ServerResponse Ask(const std::string& action, const std::vector<std::string>& parameters) {
    std::string form = "Action=" + action;
    for (std::size_t i = 0; i < parameters.size(); i += 2) {
      form += "&" + parameters[i] + "=" + aws::UriEncode(parameters[i + 1]);
    }
    const ServerRequest request{.method = "POST", .target = "/", .headers = {}, .body = form};
    Call call = sns_.Read(request);
    call.number = ++calls_;
    call.caller = {.account = account_, .arn = "arn:aws:iam::1:user/u", .role_arn = ""};
    return sns_.Answer(call, std::nullopt);
  }

  ServerResponse Create(const std::string& token, const std::string& user_data = "") {
    return Ask("CreatePlatformEndpoint", {"PlatformApplicationArn", application_, "Token", token,
                                          "CustomUserData", user_data});
  }

  ServerResponse Publish(const std::string& endpoint,
                         const std::string& message = R"({"default":"hello"})") {
    return Ask("Publish", {"TargetArn", endpoint, "MessageStructure", "json", "Message", message});
  }

  std::string MakeEndpoint(const std::string& token) {
    Create(token);
    return sns_.Endpoints().back().arn;
  }

  static std::string CodeOf(const ServerResponse& answer) {
    const std::size_t start = answer.body.find("<Code>");
    if (start == std::string::npos) return "";
    return answer.body.substr(start + 6, answer.body.find("</Code>") - start - 6);
  }

  TestClock clock_;
  FakeSns sns_{{}, clock_};
  std::string account_ = "123456789012";
  std::string application_ = sns_.CreateApplication("GCM", "notes");
  std::uint64_t calls_ = 0;
};

TEST_F(FakeSnsTest, AnApplicationHasItsArn) {
  EXPECT_EQ(application_, "arn:aws:sns:us-east-1:123456789012:app/GCM/notes");
  EXPECT_EQ(sns_.CreateApplication("GCM", "notes"), application_);
  EXPECT_THAT(sns_.Applications(), ElementsAre(application_));
  EXPECT_THAT(Ask("CreatePlatformApplication", {"Name", "n", "Platform", "ADM"}).body,
              HasSubstr("app/ADM/n</PlatformApplicationArn>"));
  EXPECT_EQ(CodeOf(Ask("CreatePlatformApplication", {"Name", "n"})), "InvalidParameter");
  EXPECT_EQ(sns_.CreateApplication("GCM", "x", "210987654321"),
            "arn:aws:sns:us-east-1:210987654321:app/GCM/x");
}

TEST_F(FakeSnsTest, TheSameTokenAndAttributesAreTheSameEndpoint) {
  const std::string first = Create("t", "data").body;
  EXPECT_THAT(first, HasSubstr(":endpoint/GCM/notes/e0000000-0000-4000-8000-000000000001<"));
  EXPECT_THAT(Create("t", "data").body, HasSubstr("-000000000001<"));
  EXPECT_THAT(Create("u", "data").body, HasSubstr("-000000000002<"));
  EXPECT_THAT(sns_.Endpoints(), SizeIs(2));
}

TEST_F(FakeSnsTest, OtherAttributesOfATokenAreRefusedNamingTheEndpoint) {
  const std::string endpoint = MakeEndpoint("t");
  const std::string text =
      "Endpoint " + endpoint + " already exists with the same Token, but different attributes.";
  EXPECT_THAT(Create("t", "other").body, HasSubstr(text));
  ASSERT_TRUE(sns_.SetEnabled(endpoint, false));
  EXPECT_THAT(Create("t").body, HasSubstr(text));
  ASSERT_TRUE(sns_.SetEnabled(endpoint, true));
  EXPECT_EQ(Create("t").status, 200);
  const std::string other = MakeEndpoint("u");
  EXPECT_THAT(Ask("SetEndpointAttributes", {"EndpointArn", other, "Attributes.entry.1.key", "Token",
                                            "Attributes.entry.1.value", "t"})
                  .body,
              HasSubstr(text));
}

TEST_F(FakeSnsTest, AttributesCanBeSetAndRead) {
  const std::string endpoint = MakeEndpoint("t");
  EXPECT_EQ(
      Ask("SetEndpointAttributes",
          {"EndpointArn", endpoint, "Attributes.entry.1.key", "Token", "Attributes.entry.1.value",
           "<n>", "Attributes.entry.2.key", "Enabled", "Attributes.entry.2.value", "false",
           "Attributes.entry.3.key", "CustomUserData", "Attributes.entry.3.value", "data"})
          .status,
      200);
  const std::string body = Ask("GetEndpointAttributes", {"EndpointArn", endpoint}).body;
  EXPECT_THAT(body, HasSubstr("<key>Token</key><value>&lt;n&gt;</value>"));
  EXPECT_THAT(body, HasSubstr("<key>Enabled</key><value>false</value>"));
  EXPECT_THAT(body, HasSubstr("<key>CustomUserData</key><value>data</value>"));
  const std::vector<std::string> set = {"PlatformApplicationArn",   application_,
                                        "Attributes.entry.1.key",   "Enabled",
                                        "Attributes.entry.1.value", "false"};
  EXPECT_EQ(Ask("SetPlatformApplicationAttributes", set).status, 200);
  EXPECT_THAT(
      Ask("GetPlatformApplicationAttributes", {"PlatformApplicationArn", application_}).body,
      HasSubstr("<key>Enabled</key><value>false</value>"));
}

TEST_F(FakeSnsTest, KeepsPushesInOrderOfArrival) {
  const std::string one = MakeEndpoint("t");
  const std::string two = MakeEndpoint("u");
  EXPECT_THAT(Publish(one).body, HasSubstr("<MessageId>"));
  Publish(two, R"({"default":"d","GCM":"{\"data\":{}}"})");
  Publish(one, R"({"default":"again"})");
  EXPECT_EQ(sns_.pushes(), 3u);
  const std::vector<ReceivedPush> all = sns_.Pushes();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[1].endpoint_arn, two);
  EXPECT_EQ(all[1].message, R"({"default":"d","GCM":"{\"data\":{}}"})");
  EXPECT_EQ(all[1].payload, R"({"data":{}})");
  EXPECT_EQ(all[1].call, all[0].call + 1);
  EXPECT_EQ(all[1].arrived, clock_.Now());
  EXPECT_THAT(sns_.Pushes(one), SizeIs(2));
  ASSERT_THAT(sns_.Pushes(one, 1), SizeIs(1));
  EXPECT_EQ(sns_.Pushes(one, 1)[0].payload, "again");
  EXPECT_THAT(sns_.Pushes("", 0, 2), SizeIs(2));
  EXPECT_EQ(sns_.Endpoints()[0].pushes, 2u);
  sns_.Reset();
  EXPECT_THAT(sns_.Pushes(), SizeIs(0));
  EXPECT_THAT(sns_.Endpoints(), SizeIs(0));
}

TEST_F(FakeSnsTest, LoadTestsCountOnly) {
  FakeSns counting({.keep_pushes = false}, clock_);
  counting.CreateApplication("GCM", "notes");
  const std::string create = "Action=CreatePlatformEndpoint&Token=t&PlatformApplicationArn=" +
                             aws::UriEncode(application_);
  const auto ask = [&](const std::string& form) {
    const ServerRequest request{.method = "POST", .target = "/", .headers = {}, .body = form};
    Call call = counting.Read(request);
    call.caller.account = account_;
    return counting.Answer(call, std::nullopt).status;
  };
  EXPECT_EQ(ask(create), 200);
  EXPECT_EQ(ask("Action=Publish&MessageStructure=json&Message=%7B%22default%22%3A%22%22%7D"
                "&TargetArn=" +
                aws::UriEncode(counting.Endpoints()[0].arn)),
            200);
  EXPECT_EQ(counting.pushes(), 1u);
  EXPECT_EQ(counting.Endpoints()[0].pushes, 1u);
  EXPECT_THAT(counting.Pushes(), SizeIs(0));
}

TEST_F(FakeSnsTest, NothingIsPushedWhereSomethingIsOff) {
  const std::string endpoint = MakeEndpoint("t");
  sns_.SetEnabled(endpoint, false);
  EXPECT_EQ(CodeOf(Publish(endpoint)), "EndpointDisabled");
  sns_.SetEnabled(application_, false);
  EXPECT_EQ(CodeOf(Publish(endpoint)), "PlatformApplicationDisabled");
  EXPECT_EQ(CodeOf(Create("u")), "PlatformApplicationDisabled");
  ASSERT_TRUE(sns_.DeleteEndpoint(endpoint));
  EXPECT_FALSE(sns_.DeleteEndpoint(endpoint));
  EXPECT_FALSE(sns_.SetEnabled(endpoint, true));
  EXPECT_THAT(Publish(endpoint).body, HasSubstr("No endpoint found for the target arn"));
  EXPECT_EQ(CodeOf(Ask("GetEndpointAttributes", {"EndpointArn", endpoint})), "NotFound");
  EXPECT_EQ(CodeOf(Ask("SetEndpointAttributes", {"EndpointArn", endpoint})), "NotFound");
  EXPECT_EQ(Ask("DeleteEndpoint", {"EndpointArn", endpoint}).status, 200);
  ASSERT_TRUE(sns_.DeleteApplication(application_));
  EXPECT_FALSE(sns_.DeleteApplication(application_));
  EXPECT_EQ(CodeOf(Create("u")), "NotFound");
  EXPECT_EQ(sns_.pushes(), 0u);
}

TEST_F(FakeSnsTest, DeletingAnApplicationDeletesItsEndpoints) {
  const std::string endpoint = MakeEndpoint("t");
  EXPECT_EQ(Ask("DeletePlatformApplication", {"PlatformApplicationArn", application_}).status, 200);
  EXPECT_THAT(sns_.Endpoints(), SizeIs(0));
}

TEST_F(FakeSnsTest, WhatAnotherAccountOwnsIsNotForTheCaller) {
  const std::string endpoint = MakeEndpoint("t");
  account_ = "210987654321";
  EXPECT_EQ(CodeOf(Publish(endpoint)), "AuthorizationError");
  EXPECT_EQ(Publish(endpoint).status, 403);
  EXPECT_EQ(CodeOf(Create("u")), "AuthorizationError");
  EXPECT_EQ(CodeOf(Ask("DeleteEndpoint", {"EndpointArn", endpoint})), "AuthorizationError");
}

TEST_F(FakeSnsTest, RefusesWhatAwsRefuses) {
  const std::string endpoint = MakeEndpoint("t");
  EXPECT_EQ(CodeOf(Create("")), "InvalidParameter");
  EXPECT_EQ(CodeOf(Create("v", std::string(2049, 'x'))), "InvalidParameter");
  EXPECT_EQ(Create("v", std::string(2048, 'x')).status, 200);
  EXPECT_EQ(CodeOf(Publish(endpoint, "hello")), "InvalidParameter");
  EXPECT_EQ(CodeOf(Publish(endpoint, "")), "InvalidParameter");
  EXPECT_EQ(CodeOf(Ask("Publish", {"TargetArn", endpoint, "Message", "x"})), "InvalidParameter");
  EXPECT_EQ(CodeOf(Publish("endpoint")), "InvalidParameter");
  EXPECT_EQ(CodeOf(Publish("arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/notes/x")),
            "InvalidParameter");
  EXPECT_EQ(CodeOf(Ask("SetEndpointAttributes", {"EndpointArn", endpoint, "Attributes.entry.1.key",
                                                 "Other", "Attributes.entry.1.value", "x"})),
            "InvalidParameter");
  EXPECT_EQ(CodeOf(Ask("Subscribe", {})), "InvalidAction");
  EXPECT_EQ(sns_.pushes(), 0u);
}

TEST_F(FakeSnsTest, TokensOfIosAreHexadecimal) {
  application_ = sns_.CreateApplication("APNS", "ios");
  EXPECT_EQ(Create(std::string(400, 'A')).status, 200);
  EXPECT_THAT(Create(std::string(401, 'A')).body, HasSubstr("iOS device tokens"));
  EXPECT_THAT(Create("xyz").body, HasSubstr("iOS device tokens"));
}

TEST_F(FakeSnsTest, ACallIsAboutItsEndpointOrApplication) {
  const auto resource = [this](const std::string& form) {
    const ServerRequest request{.method = "POST", .target = "/", .headers = {}, .body = form};
    return sns_.Read(request).resource;
  };
  EXPECT_EQ(resource("Action=Publish&TargetArn=arn%3Ax&Message=y"), "arn:x");
  EXPECT_EQ(resource("Action=DeleteEndpoint&EndpointArn=arn%3Ae"), "arn:e");
  EXPECT_EQ(resource("Action=CreatePlatformEndpoint&PlatformApplicationArn=a&Token=t"), "a");
}

}  // namespace
}  // namespace tidemark::fake_aws
