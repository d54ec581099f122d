#include "common/testing/fake_aws/auth_error.h"

namespace tidemark::fake_aws {
namespace {

AuthError OfJsonApi(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::kMissing:
      return {403, "MissingAuthenticationTokenException"};
    case AuthFailure::kIncomplete:
    case AuthFailure::kBadQuery:
    case AuthFailure::kUnsignedHeader:
      return {400, "IncompleteSignatureException"};
    case AuthFailure::kUnknownKey:
    case AuthFailure::kWrongToken:
      return {403, "UnrecognizedClientException"};
    case AuthFailure::kExpiredToken:
      return {403, "ExpiredTokenException"};
    case AuthFailure::kNotAllowed:
      return {400, "AccessDeniedException"};
    default:
      return {403, "InvalidSignatureException"};
  }
}

AuthError OfQueryApi(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::kMissing:
      return {403, "MissingAuthenticationToken"};
    case AuthFailure::kIncomplete:
    case AuthFailure::kBadQuery:
    case AuthFailure::kUnsignedHeader:
      return {400, "IncompleteSignature"};
    case AuthFailure::kUnknownKey:
    case AuthFailure::kWrongToken:
      return {403, "InvalidClientTokenId"};
    case AuthFailure::kExpiredToken:
      return {403, "ExpiredToken"};
    case AuthFailure::kNotAllowed:
      return {403, "AccessDenied"};
    default:
      return {403, "SignatureDoesNotMatch"};
  }
}

AuthError OfS3(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::kIncomplete:
    case AuthFailure::kWrongScope:
      return {400, "AuthorizationHeaderMalformed"};
    case AuthFailure::kBadQuery:
      return {400, "AuthorizationQueryParametersError"};
    case AuthFailure::kSkewed:
      return {403, "RequestTimeTooSkewed"};
    case AuthFailure::kUnknownKey:
      return {403, "InvalidAccessKeyId"};
    case AuthFailure::kWrongToken:
      return {400, "InvalidToken"};
    case AuthFailure::kExpiredToken:
      return {400, "ExpiredToken"};
    case AuthFailure::kBodyHash:
      return {400, "XAmzContentSHA256Mismatch"};
    case AuthFailure::kWrongSignature:
      return {403, "SignatureDoesNotMatch"};
    default:
      return {403, "AccessDenied"};
  }
}

}  // namespace

AuthError AuthErrorOf(std::string_view service, AuthFailure failure) {
  if (service == "s3") return OfS3(failure);
  const bool not_allowed = failure == AuthFailure::kNotAllowed;
  if (service == "sns" && not_allowed) return {403, "AuthorizationError"};
  if (service == "lambda" && not_allowed) return {403, "AccessDeniedException"};
  return service == "sts" || service == "sns" ? OfQueryApi(failure) : OfJsonApi(failure);
}

}  // namespace tidemark::fake_aws
