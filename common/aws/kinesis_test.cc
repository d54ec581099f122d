#include "common/aws/kinesis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "common/testing/fake_aws/fake_aws.h"

namespace tidemark::aws {
namespace {

using fake_aws::FakeAws;
using fake_aws::Fault;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class KinesisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fake_ = FakeAws::Start({}).value();
    fake_->kinesis().CreateStream("s", 2);
    transport_ = CurlTransport::Start({}).value();
    client_.emplace("us-east-1", Endpoint::Parse(fake_->Url()).value(), *transport_,
                    std::make_shared<StaticCredentials>(
                        Credentials{"AKID", Secret("secret"), Secret(), absl::InfiniteFuture()}),
                    SystemClock());
  }

  PutRecordsResult Put(const std::vector<PutRecordsEntry>& entries, const CallOptions& options = {},
                       const std::string& stream = "s") {
    std::promise<PutRecordsResult> promise;
    client_->PutRecords(stream, entries, options, [&promise](PutRecordsResult result) {
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  }

  // The error of a call that meets `fault`.
  CallError ErrorOf(const Fault& fault) {
    fake_->faults().Add(fault);
    const PutRecordsResult result = Put({{"x", "k"}}, {.timeouts = {.total = absl::Seconds(5)}});
    EXPECT_TRUE(result.error);
    EXPECT_TRUE(result.records.empty());
    return result.error.value_or(CallError());
  }

  std::size_t taken() const { return fake_->kinesis().Records("s").size(); }

  std::unique_ptr<FakeAws> fake_;
  std::unique_ptr<CurlTransport> transport_;
  std::optional<KinesisClient> client_;
};

TEST_F(KinesisTest, PutsRecords) {
  const PutRecordsResult result = Put({{"one", "k1"}, {"two", "k2"}});
  ASSERT_FALSE(result.error) << *result.error;
  EXPECT_EQ(result.failed, 0u);
  ASSERT_THAT(result.records, SizeIs(2));
  const auto records = fake_->kinesis().Records("s");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(result.records[i].sequence_number, records[i].sequence_number);
    EXPECT_EQ(result.records[i].shard_id, records[i].shard_id);
  }
}

TEST_F(KinesisTest, TellsWhichRecordsFailed) {
  fake_->faults().Add({.kind = Fault::Kind::kRecords, .indexes = {0}, .keys = {"k3"}});
  const PutRecordsResult result = Put({{"a", "k1"}, {"b", "k2"}, {"c", "k3"}});
  ASSERT_FALSE(result.error);
  EXPECT_EQ(result.failed, 2u);
  EXPECT_EQ(result.records[0].error_code, "ProvisionedThroughputExceededException");
  EXPECT_EQ(result.records[0].error_class(), ErrorClass::kThrottle);
  EXPECT_TRUE(result.records[1].ok());
  EXPECT_FALSE(result.records[2].ok());
  ASSERT_EQ(taken(), 1u);
  EXPECT_EQ(fake_->kinesis().Records("s")[0].data, "b");
}

TEST_F(KinesisTest, ClassifiesWhatAwsAnswers) {
  EXPECT_EQ(ErrorOf({.code = "ProvisionedThroughputExceededException"}).error_class,
            ErrorClass::kThrottle);
  EXPECT_EQ(ErrorOf({.status = 500, .code = "InternalFailure"}).error_class,
            ErrorClass::kTransient);
  EXPECT_EQ(ErrorOf({.status = 503, .code = ""}).error_class, ErrorClass::kTransient);
  EXPECT_EQ(ErrorOf({.code = "ExpiredTokenException"}).error_class, ErrorClass::kCredentials);
  EXPECT_EQ(ErrorOf({.code = "KMSDisabledException"}).error_class, ErrorClass::kPermanent);
  const CallError gone = ErrorOf({.code = "ResourceNotFoundException", .message = "gone"});
  EXPECT_EQ(gone.error_class, ErrorClass::kOff);
  EXPECT_EQ(gone.http_status, 400);
  EXPECT_EQ(gone.message, "gone");
  EXPECT_FALSE(gone.request_id.empty());
  EXPECT_EQ(taken(), 0u);
}

TEST_F(KinesisTest, BrokenConnectionsAreTransient) {
  for (const Fault::Kind kind :
       {Fault::Kind::kReset, Fault::Kind::kGarbage, Fault::Kind::kCut, Fault::Kind::kLoseAnswer}) {
    fake_->faults().Clear();
    // For good, since a request that breaks on a kept connection is sent again.
    const CallError error = ErrorOf({.times = 0, .kind = kind});
    EXPECT_EQ(error.error_class, ErrorClass::kTransient) << static_cast<int>(kind);
    EXPECT_EQ(error.http_status, 0);
  }
}

TEST_F(KinesisTest, ALostAnswerMayHideRecordsThatWereTaken) {
  ErrorOf({.kind = Fault::Kind::kLoseAnswer});
  EXPECT_EQ(taken(), 1u);
}

TEST_F(KinesisTest, AHangEndsWithTheTimeout) {
  fake_->faults().Add({.kind = Fault::Kind::kHang});
  const PutRecordsResult result =
      Put({{"x", "k"}}, {.timeouts = {.total = absl::Milliseconds(50)}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kTransient);
  EXPECT_EQ(taken(), 0u);
}

TEST_F(KinesisTest, ADelayedAnswerStillCounts) {
  fake_->faults().Add({.kind = Fault::Kind::kDelay, .delay = absl::Milliseconds(30)});
  EXPECT_FALSE(Put({{"x", "k"}}).error);
}

TEST_F(KinesisTest, AnAnswerForAnotherRequestIsTransient) {
  // The answer of ListStreams-like JSON to PutRecords: a proxy's mistake, say.
  fake_->faults().Add({.kind = Fault::Kind::kError, .status = 200, .code = "Odd"});
  const PutRecordsResult result = Put({{"x", "k"}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kTransient);
  EXPECT_THAT(result.error->message, HasSubstr("can't be read"));
}

TEST_F(KinesisTest, AMissingStreamIsOff) {
  const PutRecordsResult result = Put({{"x", "k"}}, {}, "missing");
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->error_class, ErrorClass::kOff);
}

TEST_F(KinesisTest, TellsACreatingStreamFromAMissingOne) {
  const auto describe = [this](const std::string& stream) {
    std::promise<StreamSummaryResult> promise;
    client_->DescribeStreamSummary(stream, {}, [&promise](StreamSummaryResult result) {
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  };
  fake_->kinesis().SetStatus("s", "CREATING");
  EXPECT_EQ(Put({{"x", "k"}}).error->error_class, ErrorClass::kOff);
  const StreamSummaryResult creating = describe("s");
  ASSERT_FALSE(creating.error);
  EXPECT_EQ(creating.summary.status, StreamStatus::kCreating);
  EXPECT_EQ(creating.summary.open_shard_count, 2);
  EXPECT_EQ(describe("missing").error->error_class, ErrorClass::kOff);
  fake_->faults().Add({.kind = Fault::Kind::kError, .status = 200, .code = "Odd"});
  EXPECT_EQ(describe("s").error->error_class, ErrorClass::kTransient);
}

TEST_F(KinesisTest, MayBeDestroyedWithCallsUnderWay) {
  fake_->faults().Add({.kind = Fault::Kind::kHang});
  std::promise<PutRecordsResult> promise;
  const std::vector<PutRecordsEntry> entries = {{"x", "k"}};
  client_->PutRecords("s", entries, {}, [&promise](PutRecordsResult result) {
    promise.set_value(std::move(result));
  });
  client_.reset();
  transport_.reset();
  EXPECT_EQ(promise.get_future().get().error->error_class, ErrorClass::kTransient);
}

}  // namespace
}  // namespace tidemark::aws
