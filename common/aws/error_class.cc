#include "common/aws/error_class.h"

#include <algorithm>
#include <iterator>

namespace tidemark::aws {
namespace {

struct Row {
  Api api;
  std::string_view code;
  ErrorClass error_class;
};

constexpr auto kR = ErrorClass::kTransient;
constexpr auto kT = ErrorClass::kThrottle;
constexpr auto kC = ErrorClass::kCredentials;
constexpr auto kP = ErrorClass::kPermanent;
constexpr auto kOff = ErrorClass::kOff;

// Codes that every API may answer (AWS, "Common error types"). JSON APIs add "Exception" to some.
constexpr Row kCommon[] = {
    {{}, "AccessDenied", kP},
    {{}, "AccessDeniedException", kP},
    {{}, "ExpiredToken", kC},
    {{}, "ExpiredTokenException", kC},
    {{}, "IncompleteSignature", kP},
    {{}, "IncompleteSignatureException", kP},
    {{}, "InternalFailure", kR},
    {{}, "InternalFailureException", kR},
    {{}, "InvalidClientTokenId", kC},
    {{}, "InvalidSignatureException", kC},
    {{}, "MissingAuthenticationToken", kP},
    {{}, "MissingAuthenticationTokenException", kP},
    {{}, "RequestExpired", kC},
    {{}, "ServiceUnavailable", kR},
    {{}, "ServiceUnavailableException", kR},
    {{}, "SignatureDoesNotMatch", kC},
    {{}, "UnrecognizedClientException", kC},
};

// Only where an API differs from the rules by name and status, or where saying it helps a reader.
constexpr Row kSpecific[] = {
    // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html. A stream that is
    // CREATING answers ResourceNotFoundException too: DescribeStreamSummary tells.
    {Api::kKinesis, "ResourceNotFoundException", kOff},
    {Api::kKinesis, "ProvisionedThroughputExceededException", kT},
    {Api::kKinesis, "LimitExceededException", kT},
    {Api::kKinesis, "KMSThrottlingException", kT},
    {Api::kKinesis, "InvalidArgumentException", kP},
    {Api::kKinesis, "ValidationException", kP},
    {Api::kKinesis, "SerializationException", kP},
    {Api::kKinesis, "KMSAccessDeniedException", kP},
    {Api::kKinesis, "KMSDisabledException", kP},
    {Api::kKinesis, "KMSInvalidStateException", kP},
    {Api::kKinesis, "KMSNotFoundException", kP},
    {Api::kKinesis, "KMSOptInRequired", kP},
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. The same for a
    // missing role and for a refusing trust policy.
    {Api::kSts, "AccessDenied", kOff},
    // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    {Api::kS3, "SlowDown", kT},
    {Api::kS3, "InternalError", kR},
    {Api::kS3, "RequestTimeout", kR},
    {Api::kS3, "OperationAborted", kR},
    {Api::kS3, "BadDigest", kR},
    {Api::kS3, "InvalidToken", kC},
    {Api::kS3, "InvalidAccessKeyId", kC},
    {Api::kS3, "RequestTimeTooSkewed", kR},  // until the clock is right
    // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. NotFound is an endpoint's or an
    // application's, as the call addresses one or the other.
    {Api::kSns, "EndpointDisabled", kOff},
    {Api::kSns, "NotFound", kOff},
    {Api::kSns, "PlatformApplicationDisabled", kOff},
    {Api::kSns, "AuthorizationError", kP},
    {Api::kSns, "InvalidParameter", kP},
    {Api::kSns, "ParameterValueInvalid", kP},
    {Api::kSns, "InternalError", kR},
    {Api::kSns, "KMSThrottling", kT},
    // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    {Api::kLambda, "EC2ThrottledException", kT},
    {Api::kLambda, "ServiceException", kR},
    {Api::kLambda, "ResourceNotReadyException", kR},
    {Api::kLambda, "ResourceConflictException", kR},
    {Api::kLambda, "EC2AccessDeniedException", kP},
    {Api::kLambda, "InvalidRuntimeException", kP},
    {Api::kLambda, "InvalidSecurityGroupIDException", kP},
    {Api::kLambda, "InvalidSubnetIDException", kP},
    {Api::kLambda, "InvalidZipFileException", kP},
    {Api::kLambda, "KMSAccessDeniedException", kP},
    {Api::kLambda, "KMSDisabledException", kP},
    {Api::kLambda, "KMSInvalidStateException", kP},
    {Api::kLambda, "KMSNotFoundException", kP},
};

ErrorClass ByNameAndStatus(int http_status, std::string_view code) {
  const bool throttled = code.starts_with("Throttl") || code.starts_with("TooManyRequests") ||
                         code.starts_with("RequestLimitExceeded");
  if (throttled || http_status == 429) return kT;
  return http_status >= 500 ? kR : kP;
}

}  // namespace

std::string_view ErrorClassName(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kTransient:
      return "transient";
    case ErrorClass::kThrottle:
      return "throttle";
    case ErrorClass::kCredentials:
      return "credentials";
    case ErrorClass::kPermanent:
      return "permanent";
    case ErrorClass::kOff:
      return "off";
  }
  return "";
}

ErrorClass ClassifyError(Api api, int http_status, std::string_view code) {
  const auto* const specific =
      std::find_if(std::begin(kSpecific), std::end(kSpecific),
                   [&](const Row& row) { return row.api == api && row.code == code; });
  if (specific != std::end(kSpecific)) return specific->error_class;
  const auto* const common = std::find_if(std::begin(kCommon), std::end(kCommon),
                                          [&](const Row& row) { return row.code == code; });
  if (common != std::end(kCommon)) return common->error_class;
  return ByNameAndStatus(http_status, code);
}

std::string_view BareErrorCode(std::string_view code) {
  code = code.substr(0, code.find(':'));
  return code.substr(code.rfind('#') + 1);
}

}  // namespace tidemark::aws
