// The record store against moto, which knows nothing of our own fake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/aws/service_client.h"
#include "common/aws/xml_answer.h"
#include "services/publisher/engine/testing/s3_fixture.h"

namespace tidemark::publisher {
namespace {

using ::testing::HasSubstr;

class S3RecordStoreMotoTest : public S3Fixture {
 protected:
  void SetUp() override {
    const char* url = std::getenv("TIDEMARK_TEST_MOTO");
    ASSERT_NE(url, nullptr) << "set TIDEMARK_TEST_MOTO to moto's base URL";
    Start(url, absl::StrCat("records-", ::getpid()));
    CreateBucket();
  }

  void CreateBucket() {
    const aws::ServiceClient client(
        {.api = aws::Api::kS3,
         .service = "s3",
         .region = "us-east-1",
         .endpoint = *endpoint_,
         .read_error = &aws::ReadXmlError},
        *transport_, std::make_shared<aws::StaticCredentials>(LongTerm()), SystemClock());
    std::promise<bool> promise;
    client.Call({.method = "PUT",
                 .endpoint = *endpoint_,
                 .target = "/" + bucket_,
                 .headers = {},
                 .body = {}},
                {}, [&promise](const aws::CallResult& result) {
                  promise.set_value(std::holds_alternative<aws::HttpResponse>(result));
                });
    ASSERT_TRUE(promise.get_future().get());
  }
};

TEST_F(S3RecordStoreMotoTest, WhatIsStoredIsReadByItsUrlAndRepeatsReplaceIt) {
  const Event event = MakeEvent(7, std::string(1'200'000, 'v'));
  for (int i = 0; i < 2; ++i) {
    const RecordStore::Stored stored = Store(event);
    ASSERT_EQ(stored.fault, Fault::kNone) << stored.error;
    EXPECT_EQ(Fetch(stored.url), event.records_json());
  }
}

TEST_F(S3RecordStoreMotoTest, ABucketThatDoesNotExistWaitsForAnOperator) {
  Configure({.bucket = "never-created", .prefix = "records/", .encryption = {}});
  const RecordStore::Stored stored = Store(MakeEvent(1, "value"));
  EXPECT_EQ(stored.fault, Fault::kDenied);
  EXPECT_THAT(stored.error, HasSubstr("NoSuchBucket"));
}

}  // namespace
}  // namespace tidemark::publisher
