#include "services/publisher/domain/push_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidemark::publisher {
namespace {

const PushNotice kNotice{.pool_id = "us-east-1:pool",
                         .identity_id = "us-east-1:who",
                         .dataset_name = "prefs",
                         .sync_count = 17};

// As it stands inside a string.
constexpr const char* kData =
    R"({\"source\":\"cognito-sync\",\"identityPoolId\":\"us-east-1:pool\",)"
    R"(\"identityId\":\"us-east-1:who\",\"datasetName\":\"prefs\",\"syncCount\":\"17\"})";

std::string Quoted(const std::string& platform, const std::string& before,
                   const std::string& after) {
  return R"({"default":"cognito-sync",")" + platform + R"(":")" + before + kData + after + R"("})";
}

TEST(PushMessageTest, ApplesDevicesFindTheDataBesideASilentAps) {
  const std::string before = R"({\"aps\":{\"content-available\":1},\"data\":)";
  EXPECT_EQ(PushMessageOf(PushPlatform::kApns, kNotice), Quoted("APNS", before, "}"));
  EXPECT_EQ(PushMessageOf(PushPlatform::kApnsSandbox, kNotice),
            Quoted("APNS_SANDBOX", before, "}"));
}

TEST(PushMessageTest, AmazonsDevicesGetExtras) {
  EXPECT_EQ(PushMessageOf(PushPlatform::kAdm, kNotice), Quoted("ADM", R"({\"data\":)", "}"));
}

TEST(PushMessageTest, GoogleGetsExtrasByItsPresentApi) {
  EXPECT_EQ(PushMessageOf(PushPlatform::kGcm, kNotice),
            Quoted("GCM", R"({\"fcmV1Message\":{\"message\":{\"data\":)", "}}}"));
}

TEST(PushMessageTest, TextIsEscapedOnceForThePayloadAndOnceForTheMessage) {
  PushNotice notice = kNotice;
  notice.dataset_name = "a\"b";
  EXPECT_THAT(PushMessageOf(PushPlatform::kAdm, notice),
              ::testing::HasSubstr(R"(\"datasetName\":\"a\\\"b\")"));
}

TEST(PushMessageTest, TheLongestIdsAndNamesStayWithinThePlatformsBounds) {
  const std::string id(55, 'i');
  const std::string name(184, '"');  // the most that escaping makes of a name's bytes
  const PushNotice notice{
      .pool_id = id, .identity_id = id, .dataset_name = name, .sync_count = std::int64_t{1} << 62};
  for (const auto platform :
       {PushPlatform::kApns, PushPlatform::kApnsSandbox, PushPlatform::kGcm, PushPlatform::kAdm}) {
    EXPECT_LE(PushMessageOf(platform, notice).size(), 4096U);
  }
}

}  // namespace
}  // namespace tidemark::publisher
