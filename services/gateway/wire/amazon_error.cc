#include "services/gateway/wire/amazon_error.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "services/gateway/wire/field_names.h"

namespace tidemark::gateway {
namespace {

using enum ErrorName;

constexpr std::array kErrors = {
    ErrorKind{kInvalidParameter, "InvalidParameterException", 400},
    ErrorKind{kNotAuthorized, "NotAuthorizedException", 403},
    ErrorKind{kInternalError, "InternalErrorException", 500},
    ErrorKind{kTooManyRequests, "TooManyRequestsException", 429},
    ErrorKind{kResourceNotFound, "ResourceNotFoundException", 404},
    ErrorKind{kResourceConflict, "ResourceConflictException", 409},
    ErrorKind{kLimitExceeded, "LimitExceededException", 400},
    ErrorKind{kConcurrentModification, "ConcurrentModificationException", 400},
    ErrorKind{kDuplicateRequest, "DuplicateRequestException", 400},
    ErrorKind{kAlreadyStreamed, "AlreadyStreamedException", 400},
    ErrorKind{kInvalidConfiguration, "InvalidConfigurationException", 400},
    ErrorKind{kInvalidLambdaFunctionOutput, "InvalidLambdaFunctionOutputException", 400},
    ErrorKind{kLambdaThrottled, "LambdaThrottledException", 429},
    ErrorKind{kLambdaSocketTimeout, "LambdaSocketTimeoutException", 400},
    ErrorKind{kSerialization, "SerializationException", 400},
    ErrorKind{kUnsupportedOperation, "UnsupportedOperationException", 400},
    ErrorKind{kUnknownOperation, "UnknownOperationException", 404},
    ErrorKind{kMethodNotAllowed, "MethodNotAllowedException", 405},
    ErrorKind{kAccessDenied, "AccessDeniedException", 403},
    ErrorKind{kMissingAuthenticationToken, "MissingAuthenticationTokenException", 403},
    ErrorKind{kIncompleteSignature, "IncompleteSignatureException", 400},
    ErrorKind{kInvalidSignature, "InvalidSignatureException", 403},
    ErrorKind{kUnrecognizedClient, "UnrecognizedClientException", 403},
    ErrorKind{kExpiredToken, "ExpiredTokenException", 403},
    ErrorKind{kMalformedHttpRequest, "MalformedHttpRequestException", 400},
    ErrorKind{kUnsupportedMediaType, "UnsupportedMediaTypeException", 415},
    ErrorKind{kRequestTimeout, "RequestTimeoutException", 408},
    ErrorKind{kRequestEntityTooLarge, "RequestEntityTooLarge", 413},
    ErrorKind{kRequestHeaderFieldsTooLarge, "RequestHeaderFieldsTooLargeException", 431},
    ErrorKind{kServiceUnavailable, "ServiceUnavailableException", 503},
    ErrorKind{kExpiredLink, "ExpiredLinkException", 410},
};

// Where WireError keeps its name. Not a protobuf detail, so that it never leaves the process.
constexpr std::string_view kNamePayload = "gateway/error-name";

ErrorName ByCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
      return kInvalidParameter;
    case absl::StatusCode::kNotFound:
      return kResourceNotFound;
    case absl::StatusCode::kAborted:
      return kResourceConflict;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return kNotAuthorized;
    case absl::StatusCode::kResourceExhausted:
      return kTooManyRequests;
    default:
      return kInternalError;
  }
}

// The table. A test sees to it that every reason stands in it.
constexpr std::pair<errors::Reason, ErrorName> kByReason[] = {
    {errors::v1::ERROR_REASON_INVALID_FIELD, kInvalidParameter},
    {errors::v1::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID, kInvalidParameter},
    {errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID, kInvalidParameter},
    {errors::v1::ERROR_REASON_NO_SUCH_SYNC_COUNT, kInvalidParameter},
    {errors::v1::ERROR_REASON_REQUEST_ID_REUSED, kInvalidParameter},
    {errors::v1::ERROR_REASON_POOL_NOT_EMPTY, kInvalidParameter},
    {errors::v1::ERROR_REASON_POOL_EXISTS, kInvalidParameter},
    {errors::v1::ERROR_REASON_POOL_DELETED, kInvalidParameter},
    {errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED, kInvalidParameter},
    {errors::v1::ERROR_REASON_STREAM_DISABLED, kInvalidParameter},
    {errors::v1::ERROR_REASON_STREAM_NOT_FOUND, kInvalidParameter},
    {errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE, kInvalidParameter},
    {errors::v1::ERROR_REASON_ROLE_NOT_USABLE, kInvalidParameter},
    {errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING, kDuplicateRequest},
    {errors::v1::ERROR_REASON_BULK_PUBLISH_RECENT, kAlreadyStreamed},
    {errors::v1::ERROR_REASON_POOL_NOT_FOUND, kResourceNotFound},
    {errors::v1::ERROR_REASON_DATASET_NOT_FOUND, kResourceNotFound},
    {errors::v1::ERROR_REASON_STALE_SYNC_COUNT, kResourceConflict},
    {errors::v1::ERROR_REASON_CONCURRENT_CHANGE, kResourceConflict},
    {errors::v1::ERROR_REASON_VERSION_MISMATCH, kConcurrentModification},
    {errors::v1::ERROR_REASON_LIMIT_EXCEEDED, kLimitExceeded},
    {errors::v1::ERROR_REASON_NOT_AUTHORIZED, kNotAuthorized},
    {errors::v1::ERROR_REASON_QUEUE_FULL, kTooManyRequests},
    {errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE, kInternalError},
    {errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, kInternalError},
    {errors::v1::ERROR_REASON_NOT_READY, kInternalError},
    {errors::v1::ERROR_REASON_DEADLINE_EXCEEDED, kInternalError},
    {errors::v1::ERROR_REASON_INTERNAL, kInternalError},
    {errors::v1::ERROR_REASON_SCHEMA_TOO_OLD, kInternalError},
    {errors::v1::ERROR_REASON_SCHEMA_MISMATCH, kInternalError},
    {errors::v1::ERROR_REASON_DATABASE_UNSUITABLE, kInternalError},
    {errors::v1::ERROR_REASON_DEVICE_NOT_FOUND, kResourceNotFound},
    {errors::v1::ERROR_REASON_SUBSCRIPTION_NOT_FOUND, kResourceNotFound},
    {errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED, kInvalidConfiguration},
    {errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE, kInvalidConfiguration},
    {errors::v1::ERROR_REASON_TRIGGER_FAILED, kInvalidLambdaFunctionOutput},
    {errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT, kLambdaSocketTimeout},
    {errors::v1::ERROR_REASON_TRIGGER_THROTTLED, kLambdaThrottled},
};

ErrorName NameOf(errors::Reason reason, absl::StatusCode code) {
  const auto* const row =
      std::ranges::find(kByReason, reason, &std::pair<errors::Reason, ErrorName>::first);
  return row == std::end(kByReason) ? ByCode(code) : row->second;
}

std::string MessageOf(const absl::Status& status, ErrorName name) {
  const std::vector<errors::FieldViolation> violations = errors::ViolationsOf(status);
  if (!violations.empty()) {
    std::string message;
    for (const errors::FieldViolation& violation : violations) {
      absl::StrAppend(&message, message.empty() ? "" : "; ", AmazonFieldName(violation.field), ": ",
                      violation.description);
    }
    return message;
  }
  // Texts without a reason are gRPC's: addresses and the like, of no use to a client.
  if (errors::ReasonOf(status) == errors::v1::ERROR_REASON_UNSPECIFIED) {
    return name == kInternalError ? "an internal error occurred; try again" : "refused";
  }
  return std::string(status.message());
}

}  // namespace

std::span<const ErrorKind> AllErrors() { return kErrors; }

const ErrorKind& KindOf(ErrorName name) { return kErrors[static_cast<std::size_t>(name)]; }

absl::Status WireError(ErrorName name, std::string_view message) {
  absl::Status status(absl::StatusCode::kInvalidArgument, ToAbsl(message));
  status.SetPayload(ToAbsl(kNamePayload), absl::Cord(absl::StrCat(static_cast<int>(name))));
  return status;
}

AmazonError ToAmazonError(const absl::Status& status) {
  int own = 0;
  const absl::optional<absl::Cord> payload = status.GetPayload(ToAbsl(kNamePayload));
  if (payload && absl::SimpleAtoi(std::string(*payload), &own)) {
    return {static_cast<ErrorName>(own), std::string(status.message())};
  }
  const ErrorName name = NameOf(errors::ReasonOf(status), status.code());
  return {name, MessageOf(status, name)};
}

}  // namespace tidemark::gateway
