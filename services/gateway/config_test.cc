#include "services/gateway/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace tidemark::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What is wrong with the credentials file at `path`, or "".
std::string FaultsOf(const std::string& path) {
  Config config;
  config::Options options("gateway", "");
  Declare(options, config);
  const char* const argv[] = {"program", "--credentials-file", path.c_str()};
  const auto loaded = options.Load(
      3, argv, [](const std::string&) -> std::optional<std::string> { return std::nullopt; });
  return std::string(loaded.status().message());
}

std::string FileOf(const std::string& text) {
  std::string path = ::testing::TempDir() + "gateway_config_test_credentials";
  std::ofstream(path) << text;
  return path;
}

TEST(ConfigTest, ACredentialsFileThatCantBeUsedIsRefusedAtOnce) {
  EXPECT_EQ(FaultsOf(FileOf("[a]\naws_access_key_id=A\naws_secret_access_key=s\n")), "");
  EXPECT_THAT(FaultsOf("/does/not/exist"),
              AllOf(HasSubstr("--credentials-file"), HasSubstr("/does/not/exist")));
  EXPECT_THAT(FaultsOf(FileOf("hunter2\n")), AllOf(HasSubstr("--credentials-file"),
                                                   HasSubstr("line 1"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace tidemark::gateway
