#include "services/publisher/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_ROLE_ARN", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}) {
      unsetenv(name);
    }
  }

  // What is wrong, or "".
  std::string FaultsOf(std::vector<const char*> args) {
    Config config;
    config::Options options("publisher", "");
    Declare(options, config);
    options.AddCommand("migrate", "");
    args.insert(args.begin(), "program");
    const auto loaded =
        options.Load(static_cast<int>(args.size()), args.data(), [this](const std::string& name) {
          const auto found = environment_.find(name);
          return found == environment_.end() ? std::nullopt : std::optional(found->second);
        });
    return std::string(loaded.status().message());
  }

  std::map<std::string, std::string> environment_ = {
      {"TIDEMARK_PUBLISHER_DSN", "postgresql://tidemark_publisher@db/tidemark"},
      {"TIDEMARK_PUBLISHER_KEYRING", "1:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="}};
};

TEST_F(ConfigTest, WithoutAwsKeysItMigratesAndServesNot) {
  EXPECT_THAT(FaultsOf({}),
              AllOf(HasSubstr("--access-key-id-file"), HasSubstr("AWS_ACCESS_KEY_ID")));
  EXPECT_EQ(FaultsOf({"migrate"}), "");
  environment_["TIDEMARK_PUBLISHER_ACCESS_KEY_ID"] = "AKID";
  environment_["TIDEMARK_PUBLISHER_SECRET_ACCESS_KEY"] = "secret";
  EXPECT_EQ(FaultsOf({}), "");
}

TEST_F(ConfigTest, WhatTheEnvironmentOffersIsEnoughOrItsFaultIsNamed) {
  setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token", 1);
  EXPECT_THAT(FaultsOf({}), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN"));
  setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/tidemark", 1);
  EXPECT_EQ(FaultsOf({}), "");
}

TEST_F(ConfigTest, EndpointsAreChecked) {
  environment_["TIDEMARK_PUBLISHER_ACCESS_KEY_ID"] = "AKID";
  environment_["TIDEMARK_PUBLISHER_SECRET_ACCESS_KEY"] = "secret";
  EXPECT_THAT(FaultsOf({"--sts-endpoint=ftp://x"}),
              HasSubstr("--sts-endpoint: endpoint \"ftp://x\""));
  EXPECT_THAT(FaultsOf({"--kinesis-endpoint=foo"}), HasSubstr("--kinesis-endpoint: "));
  EXPECT_EQ(FaultsOf({"--sts-endpoint=http://127.0.0.1:5000", "--assume-roles=false"}), "");
}

TEST_F(ConfigTest, DsnsThatAreNoneAreRefusedTogetherWithOtherFaults) {
  environment_["TIDEMARK_PUBLISHER_DSN"] = "postgresql//user:hunter2@db";
  environment_["TIDEMARK_PUBLISHER_OWNER_DSN"] = "hunter2";
  EXPECT_THAT(FaultsOf({"--lease-ttl=9h"}),
              AllOf(HasSubstr("TIDEMARK_PUBLISHER_DSN: not a libpq"),
                    HasSubstr("TIDEMARK_PUBLISHER_OWNER_DSN: not a libpq"),
                    HasSubstr("--lease-ttl"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace tidemark::publisher
