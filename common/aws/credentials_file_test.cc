#include "common/aws/credentials_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>

#include "common/testing/temp_directory.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string FaultOf(std::string_view text) {
  const auto parsed = ParseCredentialsFile(text, "keys");
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

TEST(CredentialsFileTest, ReadsProfilesInOrder) {
  const auto good = ParseCredentialsFile(
      "\xEF\xBB\xBF# comment\r\n[ alice ]\r\nAWS_Access_Key_Id = "
      "AKIDALICE\r\naws_secret_access_key=a/b+c=#;d\r\n"
      "region = us-east-1\r\ns3 =\r\n  addressing_style = path\r\n; comment\r\n"
      "[bob]\naws_session_token=T\naws_secret_access_key = S\naws_access_key_id = B",
      "keys");
  ASSERT_TRUE(good.ok()) << good.status();
  ASSERT_EQ(good->size(), 2u);
  EXPECT_EQ((*good)[0].name, "alice");
  EXPECT_EQ((*good)[0].credentials,
            (Credentials{"AKIDALICE", Secret("a/b+c=#;d"), Secret(), absl::InfiniteFuture()}));
  EXPECT_EQ((*good)[1].credentials,
            (Credentials{"B", Secret("S"), Secret("T"), absl::InfiniteFuture()}));
}

TEST(CredentialsFileTest, PassesOverProfilesWithoutAKey) {
  const auto profiles = ParseCredentialsFile("[default]\nregion = us-east-1\n[empty]\n", "keys");
  ASSERT_TRUE(profiles.ok());
  EXPECT_THAT(*profiles, IsEmpty());
  EXPECT_THAT(*ParseCredentialsFile("", "keys"), IsEmpty());
}

TEST(CredentialsFileTest, NamesSourceAndLineOfAFault) {
  EXPECT_THAT(FaultOf("a = b"), HasSubstr("keys: line 1 stands before the first"));
  EXPECT_THAT(FaultOf("[a]\njunk"), HasSubstr("line 2 is not 'name = value'"));
  EXPECT_THAT(FaultOf("[a\n"), HasSubstr("without ']'"));
  EXPECT_THAT(FaultOf("[]"), HasSubstr("empty profile"));
  EXPECT_THAT(FaultOf("[a]\n[a]"), HasSubstr("line 2 names a profile for the second time"));
  EXPECT_THAT(FaultOf("[a]\nx=1\nX=2"), HasSubstr("line 3 gives a setting for the second time"));
  EXPECT_THAT(FaultOf("[a]\n= 1"), HasSubstr("no name"));
  EXPECT_THAT(FaultOf("[a]\n  x = 1"), HasSubstr("no setting above it"));
  EXPECT_THAT(FaultOf("[a]\naws_access_key_id = a/b"), HasSubstr("not an access key id"));
  EXPECT_THAT(FaultOf("[a]\naws_secret_access_key ="), HasSubstr("empty secret"));
}

TEST(CredentialsFileTest, RefusesHalfAKeyAndNeverRepeatsIt) {
  EXPECT_THAT(FaultOf("[a]\naws_access_key_id = ID\n"), HasSubstr("no aws_secret_access_key"));
  const std::string fault = FaultOf("[a]\naws_secret_access_key = hush\n[b]\n");
  EXPECT_THAT(fault, HasSubstr("profile a, which has no aws_access_key_id"));
  EXPECT_THAT(fault, Not(HasSubstr("hush")));
}

TEST(CredentialsFileTest, LoadsFromAFile) {
  const testing::TempDirectory directory;
  const std::string path =
      directory.Write("keys.ini", "[a]\naws_access_key_id = A\naws_secret_access_key = S\n");
  EXPECT_EQ(LoadCredentialsFile(path)->size(), 1u);
  directory.Write("keys.ini", std::string(2 << 20, '#'));
  EXPECT_THAT(std::string(LoadCredentialsFile(path).status().message()), HasSubstr("1 MiB"));
  std::filesystem::remove(path);
  EXPECT_EQ(LoadCredentialsFile(path).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(LoadCredentialsFile(directory.path()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// What was written comes back, whatever else is around it.
RC_GTEST_PROP(CredentialsFileProperty, KeepsWhatWasWritten, ()) {
  const auto word = rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::inRange('a', 'z'), rc::gen::element('+', '_', '-', '.', '7'))));
  const auto names = *rc::gen::unique<std::vector<std::string>>(word);
  std::string text;
  std::vector<Credentials> written;
  for (const std::string& name : names) {
    const Credentials credentials{*word, Secret(*word),
                                  Secret(*rc::gen::oneOf(word, rc::gen::just(std::string()))),
                                  absl::InfiniteFuture()};
    const std::string eol = *rc::gen::element("\n", "\r\n", "\n\n", "\n# c = d\n");
    text += "[" + name + "]" + eol;
    text += "aws_access_key_id" + *rc::gen::element<std::string>("=", " = ", "\t=\t") +
            credentials.access_key_id + eol;
    text += "aws_secret_access_key = " + credentials.secret_access_key.Reveal() + eol;
    if (!credentials.session_token.empty()) {
      text += "aws_session_token = " + credentials.session_token.Reveal() + eol;
    }
    written.push_back(credentials);
  }
  const auto profiles = ParseCredentialsFile(text, "keys");
  RC_ASSERT(profiles.ok());
  RC_ASSERT(profiles->size() == written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    RC_ASSERT((*profiles)[i].name == names[i]);
    RC_ASSERT((*profiles)[i].credentials == written[i]);
  }
}

// Any bytes give profiles or a fault, and a profile always holds a whole key.
RC_GTEST_PROP(CredentialsFileProperty, SurvivesAnything, ()) {
  const auto piece = rc::gen::oneOf(
      rc::gen::element<std::string>("[", "]", "=", "\n", "\r\n", " ", "\t", "#", ";", "[a]\n",
                                    "aws_access_key_id", "aws_secret_access_key = s\n", "x = y\n"),
      rc::gen::arbitrary<std::string>());
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  const auto profiles = ParseCredentialsFile(text, "keys");
  if (!profiles.ok()) {
    RC_ASSERT(profiles.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  for (const CredentialsProfile& profile : *profiles) {
    RC_ASSERT(!profile.name.empty());
    RC_ASSERT(IsAccessKeyId(profile.credentials.access_key_id));
    RC_ASSERT(!profile.credentials.secret_access_key.empty());
  }
}

}  // namespace
}  // namespace tidemark::aws
