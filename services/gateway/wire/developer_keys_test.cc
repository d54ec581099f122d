#include "services/gateway/wire/developer_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/testing/eventually.h"
#include "common/testing/temp_directory.h"

namespace tidemark::gateway {
namespace {

using State = aws::SecretLookupResult::State;
using ::testing::HasSubstr;

class DeveloperKeysTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) {
    std::filesystem::rename(directory_.Write("fresh", text), path_);
  }

  static std::string Key(const std::string& name) {
    return "[" + name + "]\naws_access_key_id = AKID" + name + "\naws_secret_access_key = secret-" +
           name + "\n";
  }

  const testing::TempDirectory directory_;
  const std::string path_ = directory_.File("developer-keys");
};

TEST_F(DeveloperKeysTest, ReadsTheFileAndReadsItAgain) {
  Write(Key("A") + Key("B"));
  const auto keys = DeveloperKeys::Open(path_, absl::Hours(1)).value();
  EXPECT_EQ(keys->Find("AKIDA", "").secret.Reveal(), "secret-A");
  EXPECT_EQ(keys->Find("AKIDB", "").state, State::kFound);
  EXPECT_EQ(keys->Find("AKIDC", "").state, State::kUnknown);
  Write(Key("C"));
  keys->Refresh();
  EXPECT_EQ(keys->Find("AKIDA", "").state, State::kUnknown);
  EXPECT_EQ(keys->Find("AKIDC", "").state, State::kFound);
}

TEST_F(DeveloperKeysTest, NoticesChangesByItself) {
  Write(Key("A"));
  const auto keys = DeveloperKeys::Open(path_, absl::Milliseconds(5)).value();
  Write(Key("B"));
  EXPECT_TRUE(testing::Eventually([&] { return keys->Find("AKIDB", "").state == State::kFound; }));
}

TEST_F(DeveloperKeysTest, AFaultyOrMissingFileChangesNothing) {
  Write(Key("A"));
  const auto keys = DeveloperKeys::Open(path_, absl::Hours(1)).value();
  Write("no section");
  keys->Refresh();
  EXPECT_EQ(keys->Find("AKIDA", "").state, State::kFound);
  std::filesystem::remove(path_);
  keys->Refresh();
  EXPECT_EQ(keys->Find("AKIDA", "").state, State::kFound);
}

TEST_F(DeveloperKeysTest, AnEmptyFileLeavesNobody) {
  Write(Key("A"));
  const auto keys = DeveloperKeys::Open(path_, absl::Hours(1)).value();
  Write("# nobody\n");
  keys->Refresh();
  EXPECT_EQ(keys->Find("AKIDA", "").state, State::kUnknown);
}

TEST_F(DeveloperKeysTest, DoesNotStartWithoutAGoodFile) {
  EXPECT_EQ(DeveloperKeys::Open(path_).status().code(), absl::StatusCode::kNotFound);
  Write("[A]\naws_access_key_id = AKIDA\nhunter2\n");
  const absl::Status status = DeveloperKeys::Open(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tidemark::gateway
