// Our presigned URLs against botocore's, byte for byte.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "common/aws/presign.h"
#include "tests/conformance/sigv4/generated.h"

namespace tidemark::aws {
namespace {

constexpr int kUrls = 2000;
constexpr int kSeed = 20060314;

TEST(PresignConformance, SignsUrlsAsBotocoreDoes) {
  std::map<std::string, int> endpoints;
  for (const auto& sample : Generated("presign.py", kUrls, kSeed)) {
    const auto text = [&sample](const char* name) { return sample.at(name).get<std::string>(); };
    ++endpoints[text("endpoint")];
    const auto overridden = Endpoint::Parse(text("endpoint"));
    const S3Location location = LocateObject(overridden.ok() ? &*overridden : nullptr,
                                             text("region"), text("bucket"), text("key"));
    const auto url = PresignGet(location, text("region"),
                                {.access_key_id = text("accessKeyId"),
                                 .secret_access_key = Secret(text("secret")),
                                 .session_token = Secret(text("token"))},
                                absl::FromUnixSeconds(sample.at("time").get<std::int64_t>()),
                                absl::Seconds(sample.at("lifetime").get<std::int64_t>()));
    ASSERT_TRUE(url.ok()) << url.status();
    ASSERT_EQ(*url, text("url")) << text("key");
  }
  EXPECT_EQ(endpoints.size(), 3u);
  EXPECT_GT(endpoints[""], kUrls / 10);
}

}  // namespace
}  // namespace tidemark::aws
