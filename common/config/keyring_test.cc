#include "common/config/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace tidemark::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string SecretOf(char first, int size = 32) {
  std::string secret;
  for (int i = 0; i < size; ++i) secret.push_back(static_cast<char>(first + i));
  return absl::Base64Escape(secret);
}

std::string FaultOf(const std::string& text) {
  return std::string(Keyring::Parse(text).status().message());
}

TEST(KeyringTest, SignsWithTheFirstKeyAndFindsAll) {
  const auto ring =
      Keyring::Parse("# keys\n\n2026-b:" + SecretOf('A') + "\r\n2026-a:" + SecretOf('a') + "\n");
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ(ring->Current().id, "2026-b");
  ASSERT_NE(ring->Find("2026-a"), nullptr);
  EXPECT_EQ(ring->Find("2026-a")->secret.Reveal().front(), 'a');
  EXPECT_EQ(ring->Find("2025"), nullptr);
}

TEST(KeyringTest, RefusesWeakSecrets) {
  EXPECT_THAT(FaultOf("k:" + SecretOf('a', 31)), HasSubstr("31 bytes"));
  EXPECT_THAT(FaultOf("k:" + absl::Base64Escape(std::string(64, 'x'))), HasSubstr("not random"));
}

TEST(KeyringTest, RefusesDuplicates) {
  EXPECT_THAT(FaultOf("k:" + SecretOf('a') + "\nk:" + SecretOf('b')), HasSubstr("line 2: key id"));
  EXPECT_THAT(FaultOf("k:" + SecretOf('a') + "\nl:" + SecretOf('a')), HasSubstr("line 2: secret"));
}

TEST(KeyringTest, RefusesWhatIsNoKeyAndNeverShowsIt) {
  EXPECT_THAT(FaultOf(""), HasSubstr("no key"));
  EXPECT_THAT(FaultOf("# only a comment\n"), HasSubstr("no key"));
  EXPECT_THAT(FaultOf("hunter2hunter2"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(FaultOf("k:hunter2!"), AllOf(HasSubstr("not base64"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(FaultOf("a b:" + SecretOf('a')), HasSubstr("key id"));
}

}  // namespace
}  // namespace tidemark::config
