#include "common/testing/fake_aws/s3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::fake_aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Headers = std::vector<aws::HttpHeader>;

class TestClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000); }
};

class FakeS3Test : public ::testing::Test {
 protected:
  FakeS3Test() { s3_.CreateBucket("bucket"); }

  ServerResponse Ask(const std::string& method, const std::string& target,
                     const std::string& body = "", const Headers& headers = {}) {
    const ServerRequest request{
        .method = method, .target = target, .headers = headers, .body = body};
    Call call = s3_.Read(request);
    call.caller = caller_;
    return s3_.Answer(call, std::nullopt);
  }

  TestClock clock_;
  FakeIam iam_{{}, "123456789012", clock_};
  FakeS3 s3_{{.max_object_bytes = 100}, iam_, clock_};
  Caller caller_ = iam_.Anyone();
};

TEST_F(FakeS3Test, GivesWhatItWasGiven) {
  const Headers headers = {{"Content-Type", "application/json"},
                           {"x-amz-meta-count", "7"},
                           {"x-amz-server-side-encryption", "aws:kms"},
                           {"x-amz-server-side-encryption-aws-kms-key-id", "alias/k"},
                           {"X-Other", "not kept"}};
  const ServerResponse put = Ask("PUT", "/bucket/a%2Fb/c%20%2B+d", "hello", headers);
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(aws::FindHeader(put.headers, "etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(aws::FindHeader(put.headers, "x-amz-server-side-encryption"), "aws:kms");
  EXPECT_TRUE(s3_.Objects("bucket").contains("a/b/c ++d"));

  for (const std::string method : {"GET", "HEAD"}) {
    const ServerResponse got = Ask(method, "/bucket/a/b/c%20++d");
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "hello");  // the server leaves it out of HEAD's answer
    EXPECT_EQ(aws::FindHeader(got.headers, "content-type"), "application/json");
    EXPECT_EQ(aws::FindHeader(got.headers, "x-amz-meta-count"), "7");
    EXPECT_EQ(aws::FindHeader(got.headers, "x-amz-server-side-encryption-aws-kms-key-id"),
              "alias/k");
    EXPECT_EQ(aws::FindHeader(got.headers, "last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    EXPECT_EQ(aws::FindHeader(got.headers, "x-other"), "");
  }
  EXPECT_EQ(Ask("DELETE", "/bucket/a/b/c%20++d").status, 204);
  EXPECT_THAT(Ask("GET", "/bucket/a/b/c%20++d").body, HasSubstr("<Code>NoSuchKey</Code>"));
  EXPECT_EQ(Ask("DELETE", "/bucket/a/b/c%20++d").status, 204);
}

TEST_F(FakeS3Test, RefusesWhatAwsRefuses) {
  const auto code = [&](const ServerResponse& answer) {
    const std::size_t start = answer.body.find("<Code>") + 6;
    return answer.body.substr(start, answer.body.find("</Code>") - start);
  };
  EXPECT_EQ(code(Ask("PUT", "/none/k", "x")), "NoSuchBucket");
  EXPECT_EQ(code(Ask("GET", "/none/k")), "NoSuchBucket");
  EXPECT_EQ(code(Ask("PUT", "/bucket/k", std::string(101, 'x'))), "EntityTooLarge");
  EXPECT_EQ(code(Ask("PUT", "/bucket/" + std::string(1025, 'k'), "x")), "KeyTooLongError");
  EXPECT_EQ(code(Ask("PUT", "/bucket/k", "x", {{"x-amz-server-side-encryption", "rot13"}})),
            "InvalidArgument");
  EXPECT_EQ(
      code(Ask("PUT", "/bucket/k", "x", {{"x-amz-server-side-encryption-aws-kms-key-id", "k"}})),
      "InvalidArgument");
  EXPECT_EQ(code(Ask("PUT", "/bucket/k", "x", {{"Content-MD5", "AAAA"}})), "BadDigest");
  EXPECT_EQ(code(Ask("PUT", "/bucket/k?uploads", "x")), "NotImplemented");
  EXPECT_EQ(code(Ask("POST", "/bucket/k", "x")), "NotImplemented");
  EXPECT_EQ(code(Ask("PUT", "/B")), "InvalidBucketName");
  EXPECT_THAT(s3_.Objects("bucket"), ::testing::IsEmpty());
}

TEST_F(FakeS3Test, IfNoneMatchKeepsTheFirst) {
  EXPECT_EQ(Ask("PUT", "/bucket/k", "first", {{"If-None-Match", "*"}}).status, 200);
  EXPECT_EQ(Ask("PUT", "/bucket/k", "second", {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(Ask("GET", "/bucket/k").body, "first");
  EXPECT_EQ(Ask("PUT", "/bucket/k", "third").status, 200);
  EXPECT_EQ(Ask("GET", "/bucket/k").body, "third");
}

TEST_F(FakeS3Test, ListsInPages) {
  for (const std::string key : {"p/3", "p/1", "q", "p/2 %20%2B"}) {
    ASSERT_EQ(Ask("PUT", "/bucket/" + key, "x").status, 200);
  }
  const ServerResponse first = Ask("GET", "/bucket?list-type=2&prefix=p%2F&max-keys=2");
  EXPECT_THAT(first.body, HasSubstr("<Key>p/1</Key>"));
  EXPECT_THAT(first.body, HasSubstr("<Key>p/2  +</Key>"));
  EXPECT_THAT(first.body, Not(HasSubstr("<Key>p/3</Key>")));
  EXPECT_THAT(first.body, HasSubstr("<IsTruncated>true</IsTruncated>"));
  const ServerResponse second = Ask(
      "GET", "/bucket?list-type=2&prefix=p%2F&encoding-type=url&continuation-token=p%2F2%20%20%2B");
  EXPECT_THAT(second.body, HasSubstr("<Key>p%2F3</Key>"));
  EXPECT_THAT(second.body, HasSubstr("<KeyCount>1</KeyCount>"));
  EXPECT_THAT(second.body, HasSubstr("<IsTruncated>false</IsTruncated>"));
}

TEST_F(FakeS3Test, ABucketIsItsAccountsOwn) {
  ASSERT_EQ(Ask("PUT", "/bucket/k", "x").status, 200);
  caller_.account = "210987654321";
  EXPECT_THAT(Ask("GET", "/bucket/k").body, HasSubstr("AccessDenied"));
  EXPECT_THAT(Ask("PUT", "/bucket").body, HasSubstr("BucketAlreadyExists"));
  EXPECT_EQ(Ask("PUT", "/their-bucket").status, 200);
  EXPECT_EQ(Ask("PUT", "/their-bucket/k", "x").status, 200);
  EXPECT_EQ(Ask("DELETE", "/their-bucket").status, 409);
  EXPECT_EQ(Ask("HEAD", "/their-bucket").status, 200);
}

TEST_F(FakeS3Test, WhoMayNotListIsNotToldWhatIsMissing) {
  Role role;
  role.arn = "arn:aws:iam::123456789012:role/r";
  role.actions = {"s3:GetObject"};
  iam_.PutRole(role);
  caller_.role_arn = role.arn;
  EXPECT_THAT(Ask("GET", "/bucket/k").body, HasSubstr("AccessDenied"));
}

}  // namespace
}  // namespace tidemark::fake_aws
