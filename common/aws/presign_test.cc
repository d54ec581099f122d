#include "common/aws/presign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
const Credentials kExample{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                           .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                           .session_token = Secret()};
const absl::Time kNow = absl::FromUnixSeconds(1369353600);  // 20130524T000000Z

S3Location ExampleLocation() {
  return {Endpoint::Parse("https://examplebucket.s3.amazonaws.com").value(), "/test.txt"};
}

TEST(PresignTest, SignsAsAwsDocumentsIt) {
  EXPECT_EQ(PresignGet(ExampleLocation(), "us-east-1", kExample, kNow, absl::Hours(24)).value(),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(PresignTest, ASessionsTokenIsPartOfTheUrl) {
  Credentials session = kExample;
  session.session_token = Secret("a/b+c=");
  const auto url = PresignGet(ExampleLocation(), "us-east-1", session, kNow, absl::Hours(1));
  EXPECT_THAT(url.value(), HasSubstr("&X-Amz-Security-Token=a%2Fb%2Bc%3D&"));
}

TEST(PresignTest, RefusesALifetimeThatS3WouldNotKeep) {
  const auto status = [](absl::Duration lifetime) {
    return PresignGet(ExampleLocation(), "us-east-1", kExample, kNow, lifetime).status();
  };
  EXPECT_TRUE(status(absl::Seconds(1)).ok());
  EXPECT_TRUE(status(kMaxPresignedLifetime).ok());
  for (const absl::Duration lifetime :
       {absl::ZeroDuration(), absl::Milliseconds(999), kMaxPresignedLifetime + absl::Seconds(1)}) {
    EXPECT_EQ(status(lifetime).code(), absl::StatusCode::kInvalidArgument) << lifetime;
    EXPECT_THAT(std::string(status(lifetime).message()), HasSubstr("1s to 168h"));
  }
}

TEST(PresignTest, ABucketStandsInTheHostOrInThePath) {
  S3Location location = LocateObject(nullptr, "eu-west-1", "events", "a b/c~d.json");
  EXPECT_EQ(location.endpoint.Url(), "https://events.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(location.target, "/a%20b/c~d.json");

  location = LocateObject(nullptr, "eu-west-1", "my.events", "k");
  EXPECT_EQ(location.endpoint.Url(), "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(location.target, "/my.events/k");

  const Endpoint overridden = Endpoint::Parse("http://127.0.0.1:9000").value();
  location = LocateObject(&overridden, "eu-west-1", "events", "k");
  EXPECT_EQ(location.endpoint.Url(), "http://127.0.0.1:9000");
  EXPECT_EQ(location.target, "/events/k");
}

}  // namespace
}  // namespace tidemark::aws
