#include "services/dataset/trigger/trigger_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors/error.h"

namespace tidemark::dataset {
namespace {

using aws::CallError;
using aws::ErrorClass;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kFunction = "arn:aws:lambda:us-east-1:123456789012:function:f";

// What is told of an error, whose function is always named.
absl::Status Told(const CallError& error) {
  absl::Status status = TriggerError(kFunction, error);
  EXPECT_EQ(errors::MetadataOf(status, "function"), kFunction);
  return status;
}

TEST(TriggerErrorsTest, ATimeoutIsToldAsOne) {
  const absl::Status status = Told({.error_class = ErrorClass::kTransient, .code = "Timeout"});
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(TriggerErrorsTest, ThrottlesAndTroubleOfLambdaSayThatTryingAgainHelps) {
  for (const CallError& error :
       {CallError{.error_class = ErrorClass::kThrottle,
       .http_status = 429,
       .code = "TooManyRequestsException"},
        CallError{
            .error_class = ErrorClass::kTransient, .http_status = 500, .code = "ServiceException"},
        CallError{.error_class = ErrorClass::kTransient, .http_status = 0, .code = ""}}) {
    const absl::Status status = Told(error);
    EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_TRIGGER_THROTTLED);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(errors::ToProto(status).DebugString(), HasSubstr("RetryInfo"));
  }
}

TEST(TriggerErrorsTest, AMissingOrForbiddenFunctionSaysWhatToDo) {
  const absl::Status missing = Told({.error_class = ErrorClass::kPermanent,
                                     .http_status = 404,
                                     .code = "ResourceNotFoundException",
                                     .message = "secret"});
  EXPECT_EQ(errors::ReasonOf(missing), errors::v1::ERROR_REASON_TRIGGER_FAILED);
  EXPECT_THAT(errors::MetadataOf(missing, "fault"), HasSubstr("no such function"));
  const absl::Status denied = Told({.error_class = ErrorClass::kPermanent,
                                    .http_status = 403,
                                    .code = "AccessDeniedException",
                                    .message = "secret"});
  EXPECT_THAT(std::string(denied.message()),
              AllOf(HasSubstr("lambda:InvokeFunction"), Not(HasSubstr("secret"))));
  const absl::Status none = Told({.error_class = ErrorClass::kCredentials, .message = "secret"});
  EXPECT_THAT(std::string(none.message()),
              AllOf(HasSubstr("no valid AWS credentials"), Not(HasSubstr("secret"))));
  const absl::Status odd = Told(
      {.error_class = ErrorClass::kPermanent, .http_status = 502, .code = "KMSDisabledException"});
  EXPECT_THAT(errors::MetadataOf(odd, "fault"), HasSubstr("502 KMSDisabledException"));
}

TEST(TriggerErrorsTest, ALongFaultIsToldAsFarAsATrailerTakesIt) {
  const absl::Status status = TriggerFailed(kFunction, std::string(5000, 'x'));
  EXPECT_LT(errors::ToProto(status).ByteSizeLong(), 2600U);
  EXPECT_LE(errors::MetadataOf(status, "fault").size(), 1024U + 3);
}

TEST(TriggerErrorsTest, AFunctionsOwnErrorIsQuotedAsFarAsItIsOne) {
  const auto fault = [](std::string_view payload) {
    return errors::MetadataOf(TriggerFailure(kFunction, payload), "fault");
  };
  EXPECT_EQ(fault(R"({"errorMessage": "no more", "errorType": "Full", "stackTrace": ["x"]})"),
            "the function raised an error Full: no more");
  for (const char* payload : {"", "[1]", "{", "null", R"({"errorMessage": 5})"}) {
    EXPECT_EQ(fault(payload), "the function raised an error") << payload;
  }
  const std::string much(1000, 'x');
  EXPECT_LT(fault(R"({"errorMessage": ")" + much + R"("})").size(), 400U);
}

}  // namespace
}  // namespace tidemark::dataset
