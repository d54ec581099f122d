#include "common/testing/fake_aws/sns_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string RefusalOf(const std::string& message, const std::string& platform = "GCM") {
  const auto payload = PayloadOf(message, platform);
  return payload.ok() ? "" : std::string(payload.status().message());
}

// An object of so many bytes.
std::string ObjectOf(std::size_t bytes) {
  return R"({"a":")" + std::string(bytes - 8, 'x') + R"("})";
}

TEST(SnsMessageTest, APlatformsEntryComesBeforeTheDefault) {
  const std::string message = json{{"default", "d"}, {"GCM", R"({"g":1})"}}.dump();
  EXPECT_EQ(PayloadOf(message, "GCM").value(), R"({"g":1})");
  EXPECT_EQ(PayloadOf(message, "ADM").value(), "d");
  EXPECT_EQ(PayloadOf(R"({"default":"d","GCM":{"g":1}})", "GCM").value(), "d");
}

TEST(SnsMessageTest, RefusesWhatIsNoMessage) {
  EXPECT_THAT(RefusalOf(""), HasSubstr("Empty message"));
  EXPECT_THAT(RefusalOf("hello"), HasSubstr("failed to parse"));
  EXPECT_THAT(RefusalOf("[1]"), HasSubstr("failed to parse"));
  EXPECT_THAT(RefusalOf(R"({"GCM":"{}"})"), HasSubstr("No default entry"));
  EXPECT_THAT(RefusalOf(R"({"default":{}})"), HasSubstr("No default entry"));
  EXPECT_THAT(RefusalOf(R"({"default":"d","GCM":"hello"})"), HasSubstr("protocol GCM"));
  EXPECT_EQ(RefusalOf(R"({"default":"d","GCM":"hello"})", "ADM"), "");
}

TEST(SnsMessageTest, KeepsTheLimitsOfSnsAndThePlatforms) {
  const auto message = [](const std::string& platform, std::size_t bytes) {
    return json{{"default", "d"}, {platform, ObjectOf(bytes)}}.dump();
  };
  for (const std::string platform : {"GCM", "APNS", "APNS_SANDBOX"}) {
    EXPECT_EQ(RefusalOf(message(platform, 4096), platform), "");
    EXPECT_THAT(RefusalOf(message(platform, 4097), platform), HasSubstr("too long"));
  }
  EXPECT_EQ(RefusalOf(message("ADM", 6144), "ADM"), "");
  EXPECT_THAT(RefusalOf(message("ADM", 6145), "ADM"), HasSubstr("too long"));

  const std::string around = R"({"default":""})";
  const std::string longest =
      R"({"default":")" + std::string(262'144 - around.size(), 'x') + R"("})";
  EXPECT_EQ(RefusalOf(longest), "");
  EXPECT_THAT(RefusalOf(longest + " "), HasSubstr("Message too long"));
}

}  // namespace
}  // namespace tidemark::fake_aws
