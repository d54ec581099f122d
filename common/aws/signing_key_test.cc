#include "common/aws/signing_key.h"

#include <gtest/gtest.h>

#include <thread>

namespace tidemark::aws {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr CredentialScope kScope{"20150830", "us-east-1", "iam"};

// Both from AWS's "Create a signed AWS API request" page.
TEST(SigningKeyTest, MatchesTheDocumentedExample) {
  const Sha256Digest key = DeriveSigningKey(kSecret, kScope);
  EXPECT_EQ(Hex(key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  const std::string_view canonical =
      "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
      "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
      "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
      "content-type;host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(SignCanonicalRequest(canonical, *AmzDate::Parse("20150830T123600Z"), kScope, key),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(SigningKeyCacheTest, NeverAnswersForAnotherKeySecretOrScope) {
  SigningKeyCache cache(1);  // one slot, so that all of these meet in it
  const CredentialScope other{"20150831", "us-east-1", "iam"};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(cache.Get("A", kSecret, kScope), DeriveSigningKey(kSecret, kScope));
    EXPECT_EQ(cache.Get("A", "rotated", kScope), DeriveSigningKey("rotated", kScope));
    EXPECT_EQ(cache.Get("A", kSecret, other), DeriveSigningKey(kSecret, other));
    EXPECT_EQ(cache.Get("B", "another", kScope), DeriveSigningKey("another", kScope));
  }
}

TEST(SigningKeyCacheTest, ServesThreadsThatShareSlots) {
  SigningKeyCache cache(2);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string id = std::to_string((t + i) % 5);
        EXPECT_EQ(cache.Get(id, id, kScope), DeriveSigningKey(id, kScope));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidemark::aws
