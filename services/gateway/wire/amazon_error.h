#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// Errors as Amazon's clients know them. Inside the gateway they are absl::Status like all others:
// either a service's, with a reason of errors.v1, or one that names Amazon's error itself.
namespace tidemark::gateway {

// Amazon's errors that the gateway gives: those of contract section 1 and AWS's common ones.
enum class ErrorName {
  kInvalidParameter,
  kNotAuthorized,
  kInternalError,
  kTooManyRequests,
  kResourceNotFound,
  kResourceConflict,
  kLimitExceeded,
  kConcurrentModification,
  kDuplicateRequest,
  kAlreadyStreamed,
  kInvalidConfiguration,
  kInvalidLambdaFunctionOutput,
  kLambdaThrottled,
  kLambdaSocketTimeout,
  kSerialization,         // a value of another type than the operation's, or no JSON at all
  kUnsupportedOperation,  // one of Amazon's that this version of Tidemark lacks
  kUnknownOperation,
  kMethodNotAllowed,
  kAccessDenied,  // to a web page of an origin that is not configured
  kMissingAuthenticationToken,
  kIncompleteSignature,
  kInvalidSignature,
  kUnrecognizedClient,
  kExpiredToken,
  kMalformedHttpRequest,
  kUnsupportedMediaType,
  kRequestTimeout,
  kRequestEntityTooLarge,
  kRequestHeaderFieldsTooLarge,
  kServiceUnavailable,
  kExpiredLink,  // to the records of a large event
};

struct ErrorKind {
  ErrorName name;
  std::string_view text;  // as in x-amzn-ErrorType
  int http_status;
};

// Every one of them, in the order of ErrorName.
std::span<const ErrorKind> AllErrors();
const ErrorKind& KindOf(ErrorName name);

// An error of the gateway's own. `message` says, to a developer, what was wrong and what to do.
absl::Status WireError(ErrorName name, std::string_view message);

// What a client is told.
struct AmazonError {
  ErrorName name;
  std::string message;
};

// The one table from errors to Amazon's: by reason, else by code. Field names become Amazon's.
AmazonError ToAmazonError(const absl::Status& status);

}  // namespace tidemark::gateway
