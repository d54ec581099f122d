#include "common/aws/s3.h"

#include <gtest/gtest.h>

#include "common/aws/stub_transport.h"

namespace tidemark::aws {
namespace {

class S3Test : public ::testing::Test {
 protected:
  std::optional<CallError> Put(S3Encryption encryption = {},
                               std::optional<Endpoint> endpoint = std::nullopt) {
    const S3Client client("eu-west-1", std::move(endpoint), transport_,
                          std::make_shared<StaticCredentials>(Credentials{
                              "AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                          SystemClock());
    std::optional<CallError> result = CallError();
    client.PutObject({.bucket = "events",
                      .key = "a/b=c",
                      .content_type = "application/json",
                      .body = "{}",
                      .encryption = std::move(encryption)},
                     {}, [&result](std::optional<CallError> got) { result = std::move(got); });
    return result;
  }

  std::string SentHeader(std::string_view name) const {
    return std::string(FindHeader(transport_.requests.back().headers, name));
  }

  StubTransport transport_;
};

TEST_F(S3Test, PutsAnObject) {
  EXPECT_FALSE(Put());
  const HttpRequest& sent = transport_.requests.back();
  EXPECT_EQ(sent.method, "PUT");
  EXPECT_EQ(sent.endpoint.Url(), "https://events.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(sent.target, "/a/b%3Dc");
  EXPECT_EQ(sent.body, "{}");
  EXPECT_EQ(SentHeader("host"), "events.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(SentHeader("content-type"), "application/json");
  EXPECT_EQ(SentHeader("x-amz-server-side-encryption"), "");
}

TEST_F(S3Test, AnOverriddenEndpointGetsTheBucketInThePath) {
  EXPECT_FALSE(Put({}, Endpoint::Parse("http://127.0.0.1:9000").value()));
  EXPECT_EQ(transport_.requests.back().endpoint.Url(), "http://127.0.0.1:9000");
  EXPECT_EQ(transport_.requests.back().target, "/events/a/b%3Dc");
}

TEST_F(S3Test, AsksForTheEncryptionItIsTold) {
  Put({.kind = S3Encryption::Kind::kAes256, .kms_key_id = ""});
  EXPECT_EQ(SentHeader("x-amz-server-side-encryption"), "AES256");
  Put({.kind = S3Encryption::Kind::kKms, .kms_key_id = ""});
  EXPECT_EQ(SentHeader("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(SentHeader("x-amz-server-side-encryption-aws-kms-key-id"), "");
  Put({.kind = S3Encryption::Kind::kKms, .kms_key_id = "alias/events"});
  EXPECT_EQ(SentHeader("x-amz-server-side-encryption-aws-kms-key-id"), "alias/events");
}

TEST_F(S3Test, HandsErrorsOver) {
  transport_.answer = HttpResponse{
      .status = 404, .headers = {}, .body = "<Error><Code>NoSuchBucket</Code></Error>"};
  const auto error = Put();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "NoSuchBucket");
  EXPECT_EQ(error->error_class, ErrorClass::kPermanent);
}

}  // namespace
}  // namespace tidemark::aws
