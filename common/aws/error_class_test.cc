#include "common/aws/error_class.h"

#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

TEST(ErrorClassTest, TellsKinesissErrorsApart) {
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "ResourceNotFoundException"), ErrorClass::kOff);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "ProvisionedThroughputExceededException"),
            ErrorClass::kThrottle);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "LimitExceededException"), ErrorClass::kThrottle);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 500, "InternalFailure"), ErrorClass::kTransient);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 200, "InternalFailure"), ErrorClass::kTransient);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "ExpiredTokenException"), ErrorClass::kCredentials);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "ValidationException"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "KMSDisabledException"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "KMSThrottlingException"), ErrorClass::kThrottle);
}

TEST(ErrorClassTest, ADeniedRoleIsOffButDeniedOwnCredentialsAreNot) {
  EXPECT_EQ(ClassifyError(Api::kSts, 403, "AccessDenied"), ErrorClass::kOff);
  EXPECT_EQ(ClassifyError(Api::kSts, 403, "InvalidClientTokenId"), ErrorClass::kCredentials);
  EXPECT_EQ(ClassifyError(Api::kSts, 403, "SignatureDoesNotMatch"), ErrorClass::kCredentials);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "AccessDeniedException"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kS3, 403, "AccessDenied"), ErrorClass::kPermanent);
}

TEST(ErrorClassTest, ACodeMayMeanOneThingInOneApiOnly) {
  EXPECT_EQ(ClassifyError(Api::kLambda, 404, "ResourceNotFoundException"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kLambda, 409, "ResourceConflictException"), ErrorClass::kTransient);
  EXPECT_EQ(ClassifyError(Api::kLambda, 502, "EC2ThrottledException"), ErrorClass::kThrottle);
  EXPECT_EQ(ClassifyError(Api::kLambda, 502, "KMSDisabledException"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kS3, 400, "RequestTimeout"), ErrorClass::kTransient);
  EXPECT_EQ(ClassifyError(Api::kS3, 503, "SlowDown"), ErrorClass::kThrottle);
}

TEST(ErrorClassTest, AnEndpointOrApplicationOfSnsMayBeOff) {
  EXPECT_EQ(ClassifyError(Api::kSns, 400, "EndpointDisabled"), ErrorClass::kOff);
  EXPECT_EQ(ClassifyError(Api::kSns, 404, "NotFound"), ErrorClass::kOff);
  EXPECT_EQ(ClassifyError(Api::kSns, 400, "PlatformApplicationDisabled"), ErrorClass::kOff);
  EXPECT_EQ(ClassifyError(Api::kSns, 400, "InvalidParameter"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kSns, 403, "AuthorizationError"), ErrorClass::kPermanent);
  EXPECT_EQ(ClassifyError(Api::kSns, 403, "InvalidClientTokenId"), ErrorClass::kCredentials);
  EXPECT_EQ(ClassifyError(Api::kSns, 500, "InternalError"), ErrorClass::kTransient);
  EXPECT_EQ(ClassifyError(Api::kSns, 400, "KMSThrottling"), ErrorClass::kThrottle);
}

TEST(ErrorClassTest, UnknownCodesGoByNameThenStatus) {
  EXPECT_EQ(ClassifyError(Api::kSns, 400, "Throttled"), ErrorClass::kThrottle);
  EXPECT_EQ(ClassifyError(Api::kSts, 400, "ThrottlingException"), ErrorClass::kThrottle);
  EXPECT_EQ(ClassifyError(Api::kLambda, 429, "TooManyRequestsException"), ErrorClass::kThrottle);
  EXPECT_EQ(ClassifyError(Api::kKinesis, 429, ""), ErrorClass::kThrottle);
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_EQ(ClassifyError(Api::kKinesis, status, ""), ErrorClass::kTransient) << status;
  }
  EXPECT_EQ(ClassifyError(Api::kKinesis, 400, "NewException"), ErrorClass::kPermanent);
}

TEST(ErrorClassTest, StripsBothEndsOfACode) {
  EXPECT_EQ(BareErrorCode("X"), "X");
  EXPECT_EQ(BareErrorCode("com.amazonaws.kinesis#X"), "X");
  EXPECT_EQ(BareErrorCode("X:http://internal.amazon.com/coral/"), "X");
  EXPECT_EQ(BareErrorCode("a#X:b#c"), "X");
  EXPECT_EQ(BareErrorCode(""), "");
}

}  // namespace
}  // namespace tidemark::aws
