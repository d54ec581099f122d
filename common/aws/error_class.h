#pragma once

#include <string_view>

namespace tidemark::aws {

// What to do about an error of AWS.
enum class ErrorClass {
  kTransient,    // retry with backoff
  kThrottle,     // retry with longer backoff
  kCredentials,  // refresh the credentials once, then retry
  kPermanent,    // this item or setting will not work: report it, do not retry
  kOff,          // what is addressed may be gone: confirm, then stop using it
};

// For metric labels and logs: "transient", "throttle", "credentials", "permanent", "off".
std::string_view ErrorClassName(ErrorClass error_class);

// The APIs whose errors are told apart.
enum class Api { kKinesis, kLambda, kS3, kSns, kSts };

// The class of an error by its code (without "prefix#" or ":suffix", as BareErrorCode gives it) and
// HTTP status. One table, from the service models and AWS's documentation; codes it does not know
// go by name ("Throttl...", "TooManyRequests..."), then by status: 429 is kThrottle, 5xx
// kTransient, all else kPermanent. Where a code means different things (SNS's InvalidParameter that
// says "already exists"), the caller looks at the message before it asks here.
ErrorClass ClassifyError(Api api, int http_status, std::string_view code);

// "com.amazonaws.kinesis.v20131202#ResourceNotFoundException:http://..." without both ends.
std::string_view BareErrorCode(std::string_view code);

}  // namespace tidemark::aws
