#include "services/publisher/engine/record_urls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/aws/stub_transport.h"
#include "common/seal/record_link.h"

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'767'323'045); }
};

aws::Credentials Temporary(absl::Duration left) {
  return {.access_key_id = "AKID",
          .secret_access_key = Secret("secret"),
          .session_token = Secret("session"),
          .expiry = left == absl::InfiniteDuration() ? absl::InfiniteFuture()
                                                     : FixedClock().Now() + left};
}

aws::Credentials LongTerm() {
  return {.access_key_id = "AKID", .secret_access_key = Secret("secret")};
}

class RecordUrlsTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Presigned(const aws::Credentials& credentials,
                                        absl::Duration lifetime) {
    const auto provider = std::make_shared<aws::StaticCredentials>(credentials);
    const PresignedUrls urls({.region = "eu-west-1", .bucket = "events", .lifetime = lifetime},
                             aws::S3Client("eu-west-1", std::nullopt, transport_, provider, clock_),
                             provider, clock_);
    absl::StatusOr<std::string> url;
    urls.Make("records/ab.json", [&url](auto made) { url = std::move(made); });
    return url;
  }

  FixedClock clock_;
  aws::StubTransport transport_;
};

TEST_F(RecordUrlsTest, APresignedUrlIsS3sOwnAndLivesAsLongAsAsked) {
  const auto url = Presigned(LongTerm(), absl::Hours(24));
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_THAT(*url, AllOf(StartsWith("https://events.s3.eu-west-1.amazonaws.com/records/ab.json?"),
                          HasSubstr("X-Amz-Expires=86400"), HasSubstr("X-Amz-Date=20260102T"),
                          Not(HasSubstr("secret"))));
  EXPECT_TRUE(transport_.requests.empty());
}

TEST_F(RecordUrlsTest, AUrlThatWouldDieEarlyIsNotMade) {
  EXPECT_TRUE(Presigned(Temporary(absl::Hours(25)), absl::Hours(24)).ok());
  const auto early =
      Presigned(Temporary(absl::Minutes(57) + absl::Milliseconds(5)), absl::Hours(24));
  EXPECT_EQ(early.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(early.status().message()),
              AllOf(HasSubstr("--s3-url-lifetime is 24h"), HasSubstr("end in 57m"),
                    HasSubstr("--s3-url=gateway"), Not(HasSubstr("session,"))));
  EXPECT_FALSE(Presigned(Temporary(absl::InfiniteDuration()), absl::Minutes(1)).ok())
      << "nobody knows their end";
  EXPECT_FALSE(Presigned(Temporary(-absl::Hours(1)), absl::Minutes(1)).ok());
}

TEST_F(RecordUrlsTest, AUrlThatARenewalMakesPossibleIsTriedAgain) {
  const auto late = Presigned(Temporary(absl::Minutes(4)), absl::Minutes(5));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(late.status().message()), HasSubstr("end in 4m"));
  EXPECT_EQ(Presigned(Temporary(absl::Minutes(4)), absl::Minutes(6)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Presigned(Temporary(absl::InfiniteDuration()), absl::Minutes(1)).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(RecordUrlsTest, LifetimesThatCantBeKeptAlwaysAreRefusedAtTheStart) {
  const auto check = [this](const aws::Credentials& credentials, absl::Duration lifetime) {
    return CheckUrlLifetimes(credentials, clock_.Now(), lifetime);
  };
  EXPECT_TRUE(check(LongTerm(), absl::Hours(168)).ok());
  EXPECT_TRUE(check(Temporary(absl::Hours(1)), absl::Minutes(5)).ok());
  EXPECT_TRUE(check(Temporary(absl::Minutes(10)), absl::Minutes(2)).ok());
  EXPECT_THAT(std::string(check(Temporary(absl::Minutes(10)), absl::Minutes(3)).message()),
              HasSubstr("renewed only 2m before"));
  EXPECT_FALSE(check(Temporary(absl::Hours(1)), absl::Hours(2)).ok());
  const absl::Status later = check(Temporary(absl::Hours(1)), absl::Minutes(30));
  EXPECT_THAT(std::string(later.message()),
              AllOf(HasSubstr("--s3-url-lifetime is 30m"), HasSubstr("renewed only 5m before")));
}

TEST_F(RecordUrlsTest, AGatewayUrlHoldsKeyAndEnd) {
  const auto ring =
      config::Keyring::Parse("k:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").value();
  const GatewayUrls urls("https://sync.example.com", absl::Hours(24), ring, clock_);
  std::string url;
  urls.Make("records/ab.json", [&url](auto made) { url = *std::move(made); });
  constexpr std::string_view kBase = "https://sync.example.com/records/";
  ASSERT_THAT(url, StartsWith(std::string(kBase)));
  const auto link = seal::OpenRecordLink(ring, std::string_view(url).substr(kBase.size()));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->object_key, "records/ab.json");
  EXPECT_EQ(link->expiry, clock_.Now() + absl::Hours(24));
}

}  // namespace
}  // namespace tidemark::publisher
