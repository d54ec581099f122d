#include "services/publisher/engine/stream_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/errors/error.h"
#include "common/testing/fake_aws/fake_aws.h"

namespace tidemark::publisher {
namespace {

using fake_aws::FakeAws;
using fake_aws::Fault;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRole[] = "arn:aws:iam::210987654321:role/streams";
constexpr char kStream[] = "210987654321/changes";

class StreamCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fake_ = FakeAws::Start({.keys = {base_}}).value();
    fake_->iam().PutRole({.arn = kRole, .external_id = "0af"});
    fake_->kinesis().CreateStream(kStream);
    transport_ = aws::CurlTransport::Start({}).value();
    Use(base_);
  }

  void Use(const aws::Credentials& base, bool assume_roles = true) {
    const auto endpoint = aws::Endpoint::Parse(fake_->Url()).value();
    const auto credentials = std::make_shared<aws::StaticCredentials>(base);
    check_.emplace(
        AwsStreamCheck::Options{.assume_roles = assume_roles},
        aws::StsClient("us-east-1", endpoint, *transport_, credentials, SystemClock()),
        aws::KinesisClient("us-east-1", endpoint, *transport_, credentials, SystemClock()));
  }

  absl::StatusOr<std::string> Check(absl::Time deadline = absl::Now() + absl::Seconds(30)) {
    std::promise<absl::StatusOr<std::string>> promise;
    check_->Check(question_, deadline, [&promise](absl::StatusOr<std::string> arn) {
      promise.set_value(std::move(arn));
    });
    return promise.get_future().get();
  }

  void ExpectRefused(const absl::Status& status, errors::Reason reason,
                     const errors::Metadata& metadata) {
    EXPECT_EQ(errors::ReasonOf(status), reason) << status;
    EXPECT_EQ(status.code(), reason == errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE
                                 ? absl::StatusCode::kUnavailable
                                 : absl::StatusCode::kFailedPrecondition);
    for (const auto& [key, value] : metadata) {
      EXPECT_EQ(errors::MetadataOf(status, key), value) << status;
    }
  }

  void Strike(const std::string& operation, int status, const std::string& code, int times) {
    fake_->faults().Add({.operation = operation,
                         .times = times,
                         .kind = Fault::Kind::kError,
                         .status = status,
                         .code = code});
  }

  const aws::Credentials base_{"AKIDBASE", Secret("base-secret"), Secret(), absl::InfiniteFuture()};
  StreamCheck::Question question_{
      .stream_name = "changes", .role_arn = kRole, .external_id = "0af"};
  std::unique_ptr<FakeAws> fake_;
  std::unique_ptr<aws::CurlTransport> transport_;
  std::optional<AwsStreamCheck> check_;
};

TEST_F(StreamCheckTest, AStreamThatTheRoleSeesHasAnArn) {
  const auto arn = Check();
  ASSERT_TRUE(arn.ok()) << arn.status();
  EXPECT_EQ(*arn, "arn:aws:kinesis:us-east-1:210987654321:stream/changes");
  EXPECT_EQ(fake_->CallsOf("kinesis.PutRecords"), 0u);
}

TEST_F(StreamCheckTest, WithoutRolesTheBaseCredentialsLook) {
  Use(base_, /*assume_roles=*/false);
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_STREAM_NOT_FOUND, {});
  fake_->kinesis().CreateStream("changes");
  EXPECT_EQ(*Check(), "arn:aws:kinesis:us-east-1:123456789012:stream/changes");
  EXPECT_EQ(fake_->CallsOf("sts.AssumeRole"), 0u);
}

TEST_F(StreamCheckTest, ARoleThatRefusesOrDoesNotExistIsNotUsable) {
  const errors::Metadata metadata = {{"roleArn", kRole}, {"action", "sts:AssumeRole"}};
  question_.external_id = "another";
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_ROLE_NOT_USABLE, metadata);
  fake_->iam().DeleteRole(kRole);
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_ROLE_NOT_USABLE, metadata);
  question_.role_arn = "arn:aws:iam::1:role/x";  // an account has 12 digits
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
                {{"roleArn", "arn:aws:iam::1:role/x"}});
}

TEST_F(StreamCheckTest, ARoleThatMayNotLookIsNotUsable) {
  fake_->iam().PutRole({.arn = kRole, .actions = {"kinesis:PutRecords"}});
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
                {{"action", "kinesis:DescribeStreamSummary"}});
}

TEST_F(StreamCheckTest, AStreamMustBeThereAndActive) {
  fake_->kinesis().SetStatus(kStream, "CREATING");
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE,
                {{"streamName", "changes"}, {"status", "CREATING"}});
  fake_->kinesis().SetStatus(kStream, "DELETING");
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE,
                {{"status", "DELETING"}});
  fake_->kinesis().SetStatus(kStream, "UPDATING");
  EXPECT_TRUE(Check().ok());
  question_.stream_name = "other";
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_STREAM_NOT_FOUND,
                {{"streamName", "other"}});
}

TEST_F(StreamCheckTest, WrongCredentialsOfOurOwnAreNobodyElsesFault) {
  Use({"AKIDBASE", Secret("wrong"), Secret(), absl::InfiniteFuture()});
  const absl::Status status = Check().status();
  ExpectRefused(status, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, {{"service", "sts"}});
  EXPECT_THAT(std::string(status.message()), HasSubstr("own credentials"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("wrong")));

  Use(base_);
  Strike("AssumeRole", 403, "AccessDenied", 1);
  Strike("GetCallerIdentity", 403, "InvalidClientTokenId", 0);
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, {});
}

TEST_F(StreamCheckTest, AFailureOrTwoOfAwsAreNotSeen) {
  Strike("AssumeRole", 500, "InternalFailure", 2);
  Strike("DescribeStreamSummary", 503, "ServiceUnavailable", 2);
  EXPECT_TRUE(Check().ok());
  fake_->SetClockSkew(absl::Minutes(20));
  EXPECT_TRUE(Check().ok());
}

TEST_F(StreamCheckTest, ALastingFailureOfAwsIsUnavailable) {
  Strike("DescribeStreamSummary", 500, "InternalFailure", 0);
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                {{"service", "kinesis"}});
  Strike("AssumeRole", 400, "Throttling", 0);
  ExpectRefused(Check().status(), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                {{"service", "sts"}});
}

TEST_F(StreamCheckTest, EndsAtTheDeadline) {
  EXPECT_EQ(errors::ReasonOf(Check(absl::Now() - absl::Seconds(1)).status()),
            errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  fake_->faults().Add({.operation = "AssumeRole", .times = 0, .kind = Fault::Kind::kHang});
  EXPECT_FALSE(Check(absl::Now() + absl::Milliseconds(100)).ok());
}

}  // namespace
}  // namespace tidemark::publisher
