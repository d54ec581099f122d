// The Kinesis client against moto: guards against the client and the project's own fake sharing one
// wrong idea of Kinesis.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "common/aws/kinesis.h"
#include "common/testing/fake_aws/kinesis_tool.h"

namespace tidemark::aws {
namespace {

using fake_aws::KinesisTool;
using ::testing::HasSubstr;

class KinesisMotoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* url = std::getenv("TIDEMARK_TEST_MOTO");
    ASSERT_NE(url, nullptr) << "set TIDEMARK_TEST_MOTO to moto's base URL";
    tool_ = std::make_unique<KinesisTool>(url);
    client_.emplace("us-east-1", Endpoint::Parse(url).value(), tool_->transport(),
                    tool_->credentials(), SystemClock());
  }

  // A stream of this test's own, since tests share one moto.
  std::string MakeStream(int shards = 1) {
    std::string name =
        std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
        std::to_string(::getpid());
    const absl::Status status = tool_->CreateStream(name, shards);
    EXPECT_TRUE(status.ok()) << status;
    return name;
  }

  PutRecordsResult Put(const std::string& stream, const std::vector<PutRecordsEntry>& entries) {
    std::promise<PutRecordsResult> promise;
    client_->PutRecords(stream, entries, {}, [&promise](PutRecordsResult result) {
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  }

  StreamSummaryResult Describe(const std::string& stream) {
    std::promise<StreamSummaryResult> promise;
    client_->DescribeStreamSummary(stream, {}, [&promise](StreamSummaryResult result) {
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  }

  std::unique_ptr<KinesisTool> tool_;
  std::optional<KinesisClient> client_;
};

TEST_F(KinesisMotoTest, WhatIsPutCanBeReadBack) {
  const std::string stream = MakeStream();
  const std::string bytes("\0\xff{\"a\"}", 7);
  const PutRecordsResult result =
      Put(stream, {{"first", "us-east-1:k\"1"}, {bytes, "caf\xc3\xa9"}});
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(result.failed, 0u);
  ASSERT_EQ(result.records.size(), 2u);

  const auto records = tool_->ReadAll(stream);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ((*records)[0].data, "first");
  EXPECT_EQ((*records)[0].partition_key, "us-east-1:k\"1");
  EXPECT_EQ((*records)[1].data, bytes);
  EXPECT_EQ((*records)[1].partition_key, "caf\xc3\xa9");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ((*records)[i].sequence_number, result.records[i].sequence_number);
    EXPECT_EQ((*records)[i].shard_id, result.records[i].shard_id);
  }
}

TEST_F(KinesisMotoTest, PutsAFullBatchOverSeveralStreamShards) {
  const std::string stream = MakeStream(4);
  const std::string data(1000, 'x');
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kMaxRecordsPerPut; ++i) keys.push_back("key-" + std::to_string(i));
  std::vector<PutRecordsEntry> entries;
  for (const std::string& key : keys) entries.push_back({data, key});
  const PutRecordsResult result = Put(stream, entries);
  ASSERT_FALSE(result.error) << *result.error;
  ASSERT_EQ(result.records.size(), kMaxRecordsPerPut);
  EXPECT_EQ(tool_->ReadAll(stream)->size(), kMaxRecordsPerPut);
}

TEST_F(KinesisMotoTest, AStreamMayBeGivenByArn) {
  const std::string stream = MakeStream();
  const StreamSummaryResult described = Describe(stream);
  ASSERT_FALSE(described.error) << *described.error;
  const PutRecordsResult result = Put(described.summary.arn, {{"x", "k"}});
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(Describe(described.summary.arn).summary.name, stream);
}

TEST_F(KinesisMotoTest, DescribesAStream) {
  const std::string stream = MakeStream(3);
  const StreamSummaryResult result = Describe(stream);
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(result.summary.name, stream);
  EXPECT_THAT(result.summary.arn, HasSubstr(":stream/" + stream));
  EXPECT_EQ(result.summary.status, StreamStatus::kActive);
  EXPECT_EQ(result.summary.open_shard_count, 3);
  EXPECT_EQ(result.summary.max_record_bytes.value_or(kDefaultMaxRecordBytes),
            kDefaultMaxRecordBytes);
}

TEST_F(KinesisMotoTest, AMissingOrDeletedStreamIsOff) {
  PutRecordsResult result = Put("never-created", {{"x", "k"}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kOff);
  EXPECT_EQ(result.error->code, "ResourceNotFoundException");

  const std::string stream = MakeStream();
  ASSERT_TRUE(tool_->DeleteStream(stream).ok());
  result = Put(stream, {{"x", "k"}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kOff);
  EXPECT_EQ(Describe(stream).error->error_class, ErrorClass::kOff);
}

TEST_F(KinesisMotoTest, TheLimitsAreTheOnesWeKeep) {
  const std::string stream = MakeStream();
  const std::vector<PutRecordsEntry> full(kMaxRecordsPerPut, {"x", "k"});
  EXPECT_FALSE(Put(stream, full).error);
  std::vector<PutRecordsEntry> too_many = full;
  too_many.push_back({"x", "k"});
  EXPECT_EQ(Put(stream, too_many).error->error_class, ErrorClass::kPermanent);

  const std::string key(kMaxPartitionKeyBytes, 'k');
  const std::string longer_key = key + "k";
  EXPECT_FALSE(Put(stream, {{"x", key}}).error);
  EXPECT_EQ(Put(stream, {{"x", longer_key}}).error->error_class, ErrorClass::kPermanent);

  const std::string data(kDefaultMaxRecordBytes - 1, 'd');
  const std::string too_large = data + "dd";
  EXPECT_FALSE(Put(stream, {{data, "k"}}).error);
  EXPECT_EQ(Put(stream, {{too_large, "k"}}).error->error_class, ErrorClass::kPermanent);
  EXPECT_FALSE(
      Put(stream, {{data, "k"}, {data, "k"}, {data, "k"}, {data, "k"}, {data, "k"}}).error);
  EXPECT_EQ(Put(stream, {6, {data, "k"}}).error->error_class, ErrorClass::kPermanent);
}

}  // namespace
}  // namespace tidemark::aws
