#include "services/publisher/s3_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What is wrong, or "".
std::string FaultsOf(std::vector<const char*> args, S3Config* config) {
  config::Options options("publisher", "");
  Declare(options, *config);
  args.insert(args.begin(), "program");
  const auto loaded =
      options.Load(static_cast<int>(args.size()), args.data(),
                   [](const std::string&) -> std::optional<std::string> { return std::nullopt; });
  return std::string(loaded.status().message());
}

std::string FaultsOf(std::vector<const char*> args) {
  S3Config config;
  return FaultsOf(std::move(args), &config);
}

TEST(S3ConfigTest, NothingIsNeededAndABucketIsEnough) {
  EXPECT_EQ(FaultsOf({}), "");
  S3Config config;
  EXPECT_EQ(FaultsOf({"--s3-bucket=events"}, &config), "");
  EXPECT_EQ(config.bucket, "events");
  EXPECT_EQ(config.url_lifetime, absl::Hours(24));
  EXPECT_EQ(EncryptionOf(config).kind, aws::S3Encryption::Kind::kBucketDefault);
}

TEST(S3ConfigTest, EncryptionIsPassedOn) {
  S3Config config;
  EXPECT_EQ(FaultsOf({"--s3-encryption=aws:kms", "--s3-kms-key-id=alias/a"}, &config), "");
  EXPECT_EQ(EncryptionOf(config).kind, aws::S3Encryption::Kind::kKms);
  EXPECT_EQ(EncryptionOf(config).kms_key_id, "alias/a");
  config = S3Config();
  EXPECT_EQ(FaultsOf({"--s3-encryption=AES256"}, &config), "");
  EXPECT_EQ(EncryptionOf(config).kind, aws::S3Encryption::Kind::kAes256);
  EXPECT_THAT(FaultsOf({"--s3-kms-key-id=alias/a"}), HasSubstr("--s3-kms-key-id"));
  EXPECT_THAT(FaultsOf({"--s3-encryption=rot13"}), HasSubstr("aws:kms"));
}

TEST(S3ConfigTest, GatewayUrlsNeedTheGatewaysAddress) {
  EXPECT_THAT(FaultsOf({"--s3-url=gateway"}), HasSubstr("--gateway-url: missing"));
  EXPECT_EQ(FaultsOf({"--s3-url=gateway", "--gateway-url=https://sync.example.com/"}), "");
  EXPECT_THAT(FaultsOf({"--gateway-url=sync.example.com"}), HasSubstr("--gateway-url"));
}

TEST(S3ConfigTest, BadInputIsNamed) {
  EXPECT_THAT(FaultsOf({"--s3-bucket=Events_1"}),
              AllOf(HasSubstr("--s3-bucket"), HasSubstr("\"Events_1\"")));
  EXPECT_THAT(FaultsOf({"--s3-endpoint=ftp://x"}), HasSubstr("--s3-endpoint"));
  EXPECT_THAT(FaultsOf({"--s3-url-lifetime=30s"}), HasSubstr("1m"));
  EXPECT_THAT(FaultsOf({"--s3-url-lifetime=169h"}), HasSubstr("168h"));
  for (const char* prefix : {"--s3-prefix=/a", "--s3-prefix=a//b", "--s3-prefix=a/../b",
                             "--s3-prefix=./a", "--s3-prefix=a b", "--s3-prefix=a%41"}) {
    EXPECT_THAT(FaultsOf({prefix}), HasSubstr("--s3-prefix")) << prefix;
  }
  for (const char* prefix : {"--s3-prefix=a/b.c/", "--s3-prefix=a-"}) {
    EXPECT_EQ(FaultsOf({prefix}), "") << prefix;
  }
}

}  // namespace
}  // namespace tidemark::publisher
