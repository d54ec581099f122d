// The S3 client against the project's own fake and moto: guards against client and fake sharing one
// wrong idea of S3.
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

#include "common/aws/s3.h"
#include "common/aws/xml_answer.h"
#include "common/testing/fake_aws/backend.h"

namespace tidemark::aws {
namespace {

using fake_aws::Backend;
using fake_aws::BackendAbilities;

class S3BackendsTest : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    endpoint_ = Endpoint::Parse(backend_.url()).value();
    transport_ = CurlTransport::Start({}).value();
    client_.emplace("us-east-1", endpoint_, *transport_, credentials_, SystemClock());
    bucket_ = "events-" + std::to_string(::getpid());
    Call("PUT", "/" + bucket_);  // as often as you like in us-east-1
  }

  // A signed call that services don't make.
  HttpResponse Call(const std::string& method, const std::string& target) {
    const ServiceClient client({.api = Api::kS3,
                                .service = "s3",
                                .region = "us-east-1",
                                .endpoint = *endpoint_,
                                .read_error = &ReadXmlError},
                               *transport_, credentials_, SystemClock());
    std::promise<CallResult> promise;
    client.Call(
        {.method = method, .endpoint = *endpoint_, .target = target, .headers = {}, .body = {}}, {},
        [&promise](CallResult result) { promise.set_value(std::move(result)); });
    CallResult result = promise.get_future().get();
    if (const auto* error = std::get_if<CallError>(&result)) {
      ADD_FAILURE() << method << " " << target << ": " << *error;
      return {};
    }
    return std::get<HttpResponse>(std::move(result));
  }

  std::optional<CallError> Put(const std::string& bucket, std::string_view key,
                               const std::string& body, const S3Encryption& encryption = {}) {
    std::promise<std::optional<CallError>> promise;
    client_->PutObject(
        {.bucket = bucket,
         .key = key,
         .content_type = "application/json",
         .body = body,
         .encryption = encryption},
        {}, [&promise](std::optional<CallError> error) { promise.set_value(std::move(error)); });
    return promise.get_future().get();
  }

  // What anybody gets who has the URL.
  HttpResponse Fetch(const std::string& url) {
    const std::string base = endpoint_->Url();
    EXPECT_TRUE(url.starts_with(base));
    std::promise<HttpResponse> promise;
    transport_->Send({.method = "GET",
                      .endpoint = *endpoint_,
                      .target = url.substr(base.size()),
                      .headers = {},
                      .body = {}},
                     {}, [&promise](absl::StatusOr<HttpResponse> result) {
                       promise.set_value(*std::move(result));
                     });
    return promise.get_future().get();
  }

  const fake_aws::RunningBackend backend_{GetParam()};
  std::shared_ptr<CredentialsProvider> credentials_ = std::make_shared<StaticCredentials>(
      Credentials{"test", Secret("test"), Secret(), absl::InfiniteFuture()});
  std::optional<Endpoint> endpoint_;
  std::unique_ptr<CurlTransport> transport_;
  std::optional<S3Client> client_;
  std::string bucket_;
};

INSTANTIATE_TEST_SUITE_P(All, S3BackendsTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::s3)),
                         [](const auto& info) { return fake_aws::BackendName(info.param); });

TEST_P(S3BackendsTest, WhatIsPutCanBeReadByItsUrl) {
  const std::string key = "pools/us-east-1:0b7c/a b+c=~.json";
  const std::string body = std::string(3 << 20, 'x') + std::string("\0\xff", 2);
  ASSERT_EQ(Put(bucket_, key, body), std::nullopt);
  const auto url = PresignGet(client_->Locate(bucket_, key), "us-east-1",
                              {"test", Secret("test"), Secret(), absl::InfiniteFuture()},
                              absl::Now(), absl::Hours(1));
  const HttpResponse got = Fetch(url.value());
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, body);
  EXPECT_EQ(FindHeader(got.headers, "content-type"), "application/json");
  EXPECT_NE(Fetch(url->substr(0, url->find('?'))).status, 200);
}

TEST_P(S3BackendsTest, TheSameKeyAgainReplacesTheObject) {
  ASSERT_FALSE(Put(bucket_, "k", "one"));
  ASSERT_FALSE(Put(bucket_, "k", "two"));
  EXPECT_EQ(Call("GET", "/" + bucket_ + "/k").body, "two");
}

TEST_P(S3BackendsTest, AnObjectIsEncryptedAsAsked) {
  const auto header = [this](const char* name) {
    return std::string(FindHeader(Call("GET", "/" + bucket_ + "/e").headers, name));
  };
  ASSERT_FALSE(Put(bucket_, "e", "x", {.kind = S3Encryption::Kind::kAes256, .kms_key_id = ""}));
  EXPECT_EQ(header("x-amz-server-side-encryption"), "AES256");
  ASSERT_FALSE(Put(bucket_, "e", "x", {.kind = S3Encryption::Kind::kKms, .kms_key_id = "key-1"}));
  EXPECT_EQ(header("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(header("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
}

TEST_P(S3BackendsTest, AMissingBucketIsPermanent) {
  const auto error = Put("never-created", "k", "x");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "NoSuchBucket");
  EXPECT_EQ(error->http_status, 404);
  EXPECT_EQ(error->error_class, ErrorClass::kPermanent);
}

}  // namespace
}  // namespace tidemark::aws
