#include "services/gateway/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "common/testing/temp_directory.h"

namespace tidemark::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What is wrong with the credentials file at `path` and further arguments, or "".
std::string FaultsOf(const std::string& path, const std::vector<const char*>& more = {},
                     const std::optional<std::string>& keyring = std::nullopt) {
  Config config;
  config::Options options("gateway", "");
  Declare(options, config);
  std::vector<const char*> args = {"program", "--credentials-file", path.c_str()};
  args.insert(args.end(), more.begin(), more.end());
  const auto loaded =
      options.Load(static_cast<int>(args.size()), args.data(),
                   [&keyring](const std::string& name) -> std::optional<std::string> {
                     return name == "TIDEMARK_GATEWAY_KEYRING" ? keyring : std::nullopt;
                   });
  return std::string(loaded.status().message());
}

class ConfigTest : public ::testing::Test {
 protected:
  std::string FileOf(const std::string& text) { return directory_.Write("credentials", text); }

  const testing::TempDirectory directory_;
};

TEST_F(ConfigTest, ACredentialsFileThatCantBeUsedIsRefusedAtOnce) {
  EXPECT_EQ(FaultsOf(FileOf("[a]\naws_access_key_id=A\naws_secret_access_key=s\n")), "");
  EXPECT_THAT(FaultsOf("/does/not/exist"),
              AllOf(HasSubstr("--credentials-file"), HasSubstr("/does/not/exist")));
  EXPECT_THAT(FaultsOf(FileOf("hunter2\n")), AllOf(HasSubstr("--credentials-file"),
                                                   HasSubstr("line 1"), Not(HasSubstr("hunter2"))));
}

TEST_F(ConfigTest, LinksToRecordsNeedAKeyringAndCredentials) {
  const std::string file = FileOf("[a]\naws_access_key_id=A\naws_secret_access_key=s\n");
  setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  const std::string keyring = "1:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=";
  EXPECT_EQ(FaultsOf(file, {"--s3-bucket=events"}, keyring), "");
  EXPECT_THAT(FaultsOf(file, {"--s3-bucket=events"}), HasSubstr("--keyring-file: missing"));
  EXPECT_THAT(FaultsOf(file, {"--s3-bucket=Events"}, keyring),
              AllOf(HasSubstr("--s3-bucket"), HasSubstr("\"Events\"")));
  EXPECT_THAT(FaultsOf(file, {"--s3-endpoint=nowhere"}), HasSubstr("--s3-endpoint"));
  unsetenv("AWS_SECRET_ACCESS_KEY");
  EXPECT_THAT(FaultsOf(file, {"--s3-bucket=events"}, keyring),
              AllOf(HasSubstr("--s3-bucket needs AWS credentials"), HasSubstr("AWS_SECRET")));
}

}  // namespace
}  // namespace tidemark::gateway
