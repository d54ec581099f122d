#include "services/publisher/engine/kinesis_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::publisher {
namespace {

using ::testing::HasSubstr;

Fault FaultOfCall(std::string code, int status = 400) {
  aws::PutRecordsResult result;
  const aws::ErrorClass error_class = aws::ClassifyError(aws::Api::kKinesis, status, code);
  result.error =
      aws::CallError{.error_class = error_class, .http_status = status, .code = std::move(code)};
  return ToSendResult(result).fault;
}

TEST(KinesisSenderTest, EachErrorOfACallHasItsTreatment) {
  EXPECT_EQ(FaultOfCall("InternalFailure", 500), Fault::kTransient);
  EXPECT_EQ(FaultOfCall("", 503), Fault::kTransient);
  EXPECT_EQ(FaultOfCall("ProvisionedThroughputExceededException"), Fault::kThrottled);
  EXPECT_EQ(FaultOfCall("LimitExceededException"), Fault::kThrottled);
  EXPECT_EQ(FaultOfCall("ExpiredTokenException"), Fault::kCredentials);
  EXPECT_EQ(FaultOfCall("ValidationException"), Fault::kRefused);
  EXPECT_EQ(FaultOfCall("InvalidArgumentException"), Fault::kRefused);
  EXPECT_EQ(FaultOfCall("AccessDeniedException"), Fault::kDenied);
  EXPECT_EQ(FaultOfCall("KMSDisabledException"), Fault::kDenied);
  EXPECT_EQ(FaultOfCall("ResourceNotFoundException"), Fault::kStreamMissing);
}

TEST(KinesisSenderTest, WithoutCredentialsNothingIsSaidOfTheStream) {
  const auto fault = [](aws::ErrorClass error_class) {
    aws::PutRecordsResult result;
    result.error = aws::CallError{.error_class = error_class, .message = "no credentials: ..."};
    return ToSendResult(result).fault;
  };
  EXPECT_EQ(fault(aws::ErrorClass::kCredentials), Fault::kCredentials);
  EXPECT_EQ(fault(aws::ErrorClass::kPermanent), Fault::kDenied);
  EXPECT_EQ(fault(aws::ErrorClass::kOff), Fault::kRoleRefused);
}

TEST(KinesisSenderTest, EachRecordHasAResultOfItsOwn) {
  aws::PutRecordsResult result;
  result.records.resize(3);
  result.records[0].sequence_number = "1";
  result.records[1].error_code = "ProvisionedThroughputExceededException";
  result.records[1].error_message = "Rate exceeded";
  result.records[2].error_code = "InternalFailure";
  const SendResult sent = ToSendResult(result);
  EXPECT_EQ(sent.fault, Fault::kNone);
  ASSERT_EQ(sent.records.size(), 3U);
  EXPECT_EQ(sent.records[0].fault, Fault::kNone);
  EXPECT_EQ(sent.records[1].fault, Fault::kThrottled);
  EXPECT_THAT(sent.records[1].error, HasSubstr("Rate exceeded"));
  EXPECT_EQ(sent.records[2].fault, Fault::kTransient);
}

}  // namespace
}  // namespace tidemark::publisher
