// The Kinesis client against the project's own fake, moto and kinesalite: guards against client and
// fake sharing one wrong idea of Kinesis.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include "common/aws/kinesis.h"
#include "common/testing/eventually.h"
#include "common/testing/fake_aws/backend.h"
#include "common/testing/fake_aws/kinesis_tool.h"

namespace tidemark::aws {
namespace {

using fake_aws::Backend;
using fake_aws::BackendAbilities;
using fake_aws::KinesisTool;
using ::testing::HasSubstr;

class KinesisBackendsTest : public ::testing::TestWithParam<Backend> {
 protected:
  // A stream of this test's own, since tests share the emulators.
  static std::string StreamName() {
    std::string name =
        std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
        std::to_string(::getpid());
    std::replace(name.begin(), name.end(), '/', '-');
    return name;
  }

  std::string MakeStream(int shards = 1) {
    std::string name = StreamName();
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

  const fake_aws::RunningBackend backend_{GetParam()};
  const std::unique_ptr<KinesisTool> tool_ = std::make_unique<KinesisTool>(backend_.url());
  const std::optional<KinesisClient> client_{
      std::in_place,      "us-east-1",          Endpoint::Parse(backend_.url()).value(),
      tool_->transport(), tool_->credentials(), SystemClock()};
};

constexpr auto kNameOf = [](const auto& info) { return fake_aws::BackendName(info.param); };

// What needs an ability that not every backend has.
class KinesisByArnTest : public KinesisBackendsTest {};
class KinesisPutBytesTest : public KinesisBackendsTest {};
class KinesisRecordBytesTest : public KinesisBackendsTest {};
class KinesisStatesTest : public KinesisBackendsTest {};

INSTANTIATE_TEST_SUITE_P(All, KinesisBackendsTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::kinesis)), kNameOf);
INSTANTIATE_TEST_SUITE_P(All, KinesisByArnTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::streams_by_arn)),
                         kNameOf);
INSTANTIATE_TEST_SUITE_P(All, KinesisPutBytesTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::put_bytes_limit)),
                         kNameOf);
INSTANTIATE_TEST_SUITE_P(All, KinesisRecordBytesTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::key_bytes_in_limit)),
                         kNameOf);
INSTANTIATE_TEST_SUITE_P(All, KinesisStatesTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::stream_states)),
                         kNameOf);

TEST_P(KinesisBackendsTest, WhatIsPutCanBeReadBack) {
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

TEST_P(KinesisBackendsTest, PutsAFullBatchOverSeveralStreamShards) {
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

TEST_P(KinesisByArnTest, AStreamMayBeGivenByArn) {
  const std::string stream = MakeStream();
  const StreamSummaryResult described = Describe(stream);
  ASSERT_FALSE(described.error) << *described.error;
  const PutRecordsResult result = Put(described.summary.arn, {{"x", "k"}});
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(Describe(described.summary.arn).summary.name, stream);
}

TEST_P(KinesisBackendsTest, DescribesAStream) {
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

TEST_P(KinesisBackendsTest, AMissingOrDeletedStreamIsOff) {
  PutRecordsResult result = Put("never-created", {{"x", "k"}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kOff);
  EXPECT_EQ(result.error->code, "ResourceNotFoundException");

  const std::string stream = MakeStream();
  ASSERT_TRUE(tool_->DeleteStream(stream).ok());
  result = Put(stream, {{"x", "k"}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kOff);
  EXPECT_TRUE(testing::Eventually([&] {  // it may be DELETING for a while
    const StreamSummaryResult described = Describe(stream);
    return described.error && described.error->error_class == ErrorClass::kOff;
  }));
}

TEST_P(KinesisBackendsTest, TheLimitsAreTheOnesWeKeep) {
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
  EXPECT_FALSE(Put(stream, {5, {data, "k"}}).error);
}

TEST_P(KinesisRecordBytesTest, AKeyCountsToItsRecord) {
  const std::string stream = MakeStream();
  const std::string data(kDefaultMaxRecordBytes - 1, 'd');
  EXPECT_EQ(Put(stream, {{data, "kk"}}).error->error_class, ErrorClass::kPermanent);
}

TEST_P(KinesisPutBytesTest, ACallTakes5MiB) {
  const std::string stream = MakeStream();
  const std::string data(kDefaultMaxRecordBytes - 1, 'd');
  EXPECT_EQ(Put(stream, {6, {data, "k"}}).error->error_class, ErrorClass::kPermanent);
}

// The publisher must not take a stream that is being created for one that is gone.
TEST_P(KinesisStatesTest, AStreamOnItsWayIsToldFromOneThatIsGone) {
  const std::string stream = StreamName();
  EXPECT_EQ(Describe(stream).error->code, "ResourceNotFoundException");
  ASSERT_TRUE(tool_->StartCreatingStream(stream).ok());
  std::vector<StreamStatus> seen;
  const bool active = testing::Eventually([&] {
    const StreamSummaryResult described = Describe(stream);
    if (described.error) return false;
    seen.push_back(described.summary.status);
    if (seen.back() == StreamStatus::kCreating) {
      const PutRecordsResult put = Put(stream, {{"x", "k"}});
      // It may have become active in between.
      const std::string code = put.error ? put.error->code : "ResourceNotFoundException";
      EXPECT_EQ(code, "ResourceNotFoundException");
    }
    return seen.back() == StreamStatus::kActive;
  });
  EXPECT_TRUE(active);
  EXPECT_EQ(seen.front(), StreamStatus::kCreating);
  EXPECT_FALSE(Put(stream, {{"x", "k"}}).error);
  ASSERT_TRUE(tool_->DeleteStream(stream).ok());
  EXPECT_EQ(Put(stream, {{"x", "k"}}).error->code, "ResourceNotFoundException");
  EXPECT_TRUE(testing::Eventually([&] { return Describe(stream).error.has_value(); }));
}

}  // namespace
}  // namespace tidemark::aws
