#include "services/gateway/wire/amazon_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/errors/error.h"

namespace tidemark::gateway {
namespace {

namespace v1 = errors::v1;
using enum ErrorName;
using ::testing::HasSubstr;
using ::testing::Not;

const std::map<errors::Reason, ErrorName>& Expected() {
  static const auto* const expected = new std::map<errors::Reason, ErrorName>{
      {v1::ERROR_REASON_INVALID_FIELD, kInvalidParameter},
      {v1::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID, kInvalidParameter},
      {v1::ERROR_REASON_PAGE_TOKEN_INVALID, kInvalidParameter},
      {v1::ERROR_REASON_NO_SUCH_SYNC_COUNT, kInvalidParameter},
      {v1::ERROR_REASON_REQUEST_ID_REUSED, kInvalidParameter},
      {v1::ERROR_REASON_POOL_NOT_FOUND, kResourceNotFound},
      {v1::ERROR_REASON_DATASET_NOT_FOUND, kResourceNotFound},
      {v1::ERROR_REASON_STREAM_NOT_CONFIGURED, kInvalidParameter},
      {v1::ERROR_REASON_STREAM_DISABLED, kInvalidParameter},
      {v1::ERROR_REASON_STREAM_NOT_FOUND, kInvalidParameter},
      {v1::ERROR_REASON_STREAM_NOT_ACTIVE, kInvalidParameter},
      {v1::ERROR_REASON_ROLE_NOT_USABLE, kInvalidParameter},
      {v1::ERROR_REASON_BULK_PUBLISH_RUNNING, kDuplicateRequest},
      {v1::ERROR_REASON_BULK_PUBLISH_RECENT, kAlreadyStreamed},
      {v1::ERROR_REASON_DEVICE_NOT_FOUND, kResourceNotFound},
      {v1::ERROR_REASON_SUBSCRIPTION_NOT_FOUND, kResourceNotFound},
      {v1::ERROR_REASON_PUSH_NOT_CONFIGURED, kInvalidConfiguration},
      {v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE, kInvalidConfiguration},
      {v1::ERROR_REASON_TRIGGER_FAILED, kInvalidLambdaFunctionOutput},
      {v1::ERROR_REASON_TRIGGER_TIMED_OUT, kLambdaSocketTimeout},
      {v1::ERROR_REASON_TRIGGER_THROTTLED, kLambdaThrottled},
      {v1::ERROR_REASON_STALE_SYNC_COUNT, kResourceConflict},
      {v1::ERROR_REASON_CONCURRENT_CHANGE, kResourceConflict},
      {v1::ERROR_REASON_VERSION_MISMATCH, kConcurrentModification},
      {v1::ERROR_REASON_LIMIT_EXCEEDED, kLimitExceeded},
      {v1::ERROR_REASON_POOL_NOT_EMPTY, kInvalidParameter},
      {v1::ERROR_REASON_POOL_EXISTS, kInvalidParameter},
      {v1::ERROR_REASON_POOL_DELETED, kInvalidParameter},
      {v1::ERROR_REASON_NOT_AUTHORIZED, kNotAuthorized},
      {v1::ERROR_REASON_QUEUE_FULL, kTooManyRequests},
      {v1::ERROR_REASON_DATABASE_UNAVAILABLE, kInternalError},
      {v1::ERROR_REASON_SERVICE_UNAVAILABLE, kInternalError},
      {v1::ERROR_REASON_NOT_READY, kInternalError},
      {v1::ERROR_REASON_DEADLINE_EXCEEDED, kInternalError},
      {v1::ERROR_REASON_INTERNAL, kInternalError},
      {v1::ERROR_REASON_SCHEMA_TOO_OLD, kInternalError},
      {v1::ERROR_REASON_SCHEMA_MISMATCH, kInternalError},
      {v1::ERROR_REASON_DATABASE_UNSUITABLE, kInternalError},
  };
  return *expected;
}

TEST(AmazonErrorTest, EveryReasonHasItsPlaceInTheTable) {
  const auto* const reasons = v1::ErrorReason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    const auto reason = static_cast<errors::Reason>(reasons->value(i)->number());
    if (reason == v1::ERROR_REASON_UNSPECIFIED) continue;
    ASSERT_TRUE(Expected().contains(reason)) << reasons->value(i)->name() << " is new";
    // Two codes that would decide differently if the reason did not.
    for (const auto code : {absl::StatusCode::kNotFound, absl::StatusCode::kPermissionDenied}) {
      EXPECT_EQ(ToAmazonError(errors::Error(code, reason, "text")).name, Expected().at(reason))
          << reasons->value(i)->name();
    }
  }
}

TEST(AmazonErrorTest, ErrorsWithoutAReasonGoByTheirCode) {
  EXPECT_EQ(ToAmazonError(absl::NotFoundError("x")).name, kResourceNotFound);
  EXPECT_EQ(ToAmazonError(absl::InvalidArgumentError("x")).name, kInvalidParameter);
  EXPECT_EQ(ToAmazonError(absl::AbortedError("x")).name, kResourceConflict);
  EXPECT_EQ(ToAmazonError(absl::ResourceExhaustedError("x")).name, kTooManyRequests);
  EXPECT_EQ(ToAmazonError(absl::PermissionDeniedError("x")).name, kNotAuthorized);
  for (const auto& status : {absl::UnavailableError("x"), absl::UnknownError("x"),
                             absl::UnimplementedError("x"), absl::CancelledError("x")}) {
    EXPECT_EQ(ToAmazonError(status).name, kInternalError) << status;
  }
}

TEST(AmazonErrorTest, TextsThatGrpcMakesStayInside) {
  const AmazonError error =
      ToAmazonError(absl::UnavailableError("failed to connect to ipv4:10.1.2.3:7001"));
  EXPECT_THAT(error.message, Not(HasSubstr("10.1.2.3")));
  EXPECT_FALSE(error.message.empty());
}

TEST(AmazonErrorTest, ServicesMessagesPass) {
  const AmazonError error =
      ToAmazonError(errors::Error(absl::StatusCode::kAborted, v1::ERROR_REASON_STALE_SYNC_COUNT,
                                  "Current SyncCount for: color is: 3 not: 2"));
  EXPECT_EQ(error.message, "Current SyncCount for: color is: 3 not: 2");
}

TEST(AmazonErrorTest, FieldsGetAmazonsNames) {
  const AmazonError error = ToAmazonError(errors::InvalidFields(
      {{"identity_id", "'X' is no id"}, {"record_patches[3].key", "is empty"}}));
  EXPECT_EQ(error.name, kInvalidParameter);
  EXPECT_EQ(error.message, "IdentityId: 'X' is no id; RecordPatches[3].Key: is empty");
}

TEST(AmazonErrorTest, NamesTextsAndStatuses) {
  std::set<std::string_view> texts;
  for (const ErrorKind& kind : AllErrors()) {
    EXPECT_EQ(&KindOf(kind.name), &kind);
    EXPECT_TRUE(texts.insert(kind.text).second);
    EXPECT_GE(kind.http_status, 400);
    // Our own errors say what they are through any status.
    const AmazonError error = ToAmazonError(WireError(kind.name, "text"));
    EXPECT_EQ(error.name, kind.name);
    EXPECT_EQ(error.message, "text");
  }
}

// Contract section 1, the table of errors.
TEST(AmazonErrorTest, AmazonsStatuses) {
  const std::map<std::string_view, int> statuses = {
      {"InvalidParameterException", 400}, {"NotAuthorizedException", 403},
      {"InternalErrorException", 500},    {"TooManyRequestsException", 429},
      {"ResourceNotFoundException", 404}, {"ResourceConflictException", 409},
      {"LimitExceededException", 400},    {"ConcurrentModificationException", 400},
      {"AccessDeniedException", 403},     {"InvalidSignatureException", 403},
      {"ExpiredTokenException", 403},     {"UnrecognizedClientException", 403},
      {"SerializationException", 400},    {"MissingAuthenticationTokenException", 403},
      {"RequestEntityTooLarge", 413},
  };
  std::size_t found = 0;
  for (const ErrorKind& kind : AllErrors()) {
    const auto expected = statuses.find(kind.text);
    if (expected == statuses.end()) continue;
    ++found;
    EXPECT_EQ(kind.http_status, expected->second) << kind.text;
  }
  EXPECT_EQ(found, statuses.size());
}

}  // namespace
}  // namespace tidemark::gateway
