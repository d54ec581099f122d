#include "services/publisher/push_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PushConfigTest : public ::testing::Test {
 protected:
  // What is wrong, or "".
  std::string FaultsOf(std::vector<const char*> args) {
    config_ = {};
    config::Options options("publisher", "");
    Declare(options, config_);
    args.insert(args.begin(), "program");
    return std::string(options
                           .Load(static_cast<int>(args.size()), args.data(),
                                 [](const std::string&) { return std::optional<std::string>(); })
                           .status()
                           .message());
  }

  PushConfig config_;
};

TEST_F(PushConfigTest, ThePushServiceMayBeAbsentOrElsewhere) {
  EXPECT_EQ(FaultsOf({}), "");
  EXPECT_EQ(config_.address, "127.0.0.1:7004");
  EXPECT_EQ(FaultsOf({"--push", "push.internal:80"}), "");
  EXPECT_EQ(config_.address, "push.internal:80");
  EXPECT_EQ(FaultsOf({"--push", ""}), "");
  EXPECT_EQ(config_.address, "");
}

TEST_F(PushConfigTest, WhatCannotBeIsNamedWithItsBound) {
  EXPECT_THAT(FaultsOf({"--push", "nowhere"}), HasSubstr("--push"));
  EXPECT_THAT(FaultsOf({"--sns-endpoint", "ftp://x"}), HasSubstr("--sns-endpoint"));
  EXPECT_THAT(FaultsOf({"--push-age", "0s"}), AllOf(HasSubstr("push-age"), HasSubstr("1s")));
  EXPECT_THAT(FaultsOf({"--push-queue-bytes", "1KiB"}), HasSubstr("push-queue-bytes"));
}

}  // namespace
}  // namespace tidemark::publisher
