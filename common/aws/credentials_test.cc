#include "common/aws/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "common/aws/static_secrets.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<Credentials> FromEnvironment(std::map<std::string, const char*> environment) {
  return CredentialsFromEnvironment([&environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second;
  });
}

TEST(CredentialsTest, PrintingHidesSecretAndToken) {
  std::ostringstream out;
  out << Credentials{"AKID", Secret("wJalr"), Secret("token42"), absl::InfiniteFuture()};
  EXPECT_THAT(out.str(), HasSubstr("AKID"));
  EXPECT_THAT(out.str(), Not(HasSubstr("wJalr")));
  EXPECT_THAT(out.str(), Not(HasSubstr("token42")));
}

TEST(CredentialsTest, AnAccessKeyIdHasNoDelimiters) {
  EXPECT_TRUE(IsAccessKeyId("AKIDEXAMPLE"));
  EXPECT_TRUE(IsAccessKeyId("dev@home-1"));
  EXPECT_TRUE(IsAccessKeyId(std::string(128, 'A')));
  for (const std::string& text :
       {std::string(), std::string(129, 'A'), std::string("a/b"), std::string("a,b"),
        std::string("a=b"), std::string("a b"), std::string("\xC3\xA9")}) {
    EXPECT_FALSE(IsAccessKeyId(text)) << text;
  }
}

TEST(CredentialsTest, ReadsTheEnvironment) {
  const auto credentials = FromEnvironment(
      {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_SESSION_TOKEN", "T"}});
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(*credentials, (Credentials{"A", Secret("S"), Secret("T"), absl::InfiniteFuture()}));
}

TEST(CredentialsTest, TellsNoKeyFromHalfAKey) {
  EXPECT_EQ(FromEnvironment({}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FromEnvironment({{"AWS_ACCESS_KEY_ID", "A"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FromEnvironment({{"AWS_SECRET_ACCESS_KEY", "S"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FromEnvironment({{"AWS_ACCESS_KEY_ID", "a b"}, {"AWS_SECRET_ACCESS_KEY", "S"}})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CredentialsTest, StaticOnesAreAtHandAtOnce) {
  const Credentials credentials{"A", Secret("S"), Secret(), absl::InfiniteFuture()};
  StaticCredentials provider(credentials);
  provider.Refuse(credentials);
  CredentialsProvider::Pointer got;
  provider.Get(
      [&got](const absl::StatusOr<CredentialsProvider::Pointer>& result) { got = result.value(); });
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, credentials);
}

TEST(StaticSecretsTest, FindsAKeyWithExactlyItsToken) {
  using State = SecretLookupResult::State;
  const StaticSecrets secrets({{"A", Secret("S"), Secret(), absl::InfiniteFuture()},
                               {"B", Secret("R"), Secret("T"), absl::InfiniteFuture()}});
  EXPECT_EQ(secrets.Find("A", "").state, State::kFound);
  EXPECT_EQ(secrets.Find("A", "").secret, Secret("S"));
  EXPECT_EQ(secrets.Find("A", "T").state, State::kUnknown);
  EXPECT_EQ(secrets.Find("B", "T").secret, Secret("R"));
  EXPECT_EQ(secrets.Find("B", "").state, State::kUnknown);
  EXPECT_EQ(secrets.Find("C", "").state, State::kUnknown);
}

}  // namespace
}  // namespace tidemark::aws
