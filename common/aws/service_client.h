#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>

#include "common/aws/credentials.h"
#include "common/aws/error_class.h"
#include "common/aws/http.h"
#include "common/aws/sigv4.h"
#include "common/base/clock.h"

namespace tidemark::aws {

// CallError::code of a call that got no answer in time, which is not AWS's.
inline constexpr std::string_view kTimeoutCode = "Timeout";
// Likewise where the answer was larger than the transport takes.
inline constexpr std::string_view kTooLargeCode = "TooLarge";

// Why a call failed. For logs and decisions; AWS's text is not for Tidemark's clients.
struct CallError {
  ErrorClass error_class = ErrorClass::kTransient;
  int http_status = 0;  // 0: no answer came
  std::string
      code;  // AWS's name of the error, kTimeoutCode or kTooLargeCode; empty if there is none
  std::string message;     // the first line of AWS's text, at most 1024 bytes
  std::string request_id;  // AWS's, for its support; empty if no answer came

  friend std::ostream& operator<<(std::ostream& out, const CallError& error);
};

struct CallOptions {
  HttpTimeouts timeouts;
  // W3C trace context, sent as the header `traceparent`; empty: none.
  std::string traceparent;
  // Sign with these instead of the client's own; null: its own.
  std::shared_ptr<CredentialsProvider> credentials = nullptr;
};

// Either AWS's answer with status 2xx, or why there is none.
using CallResult = std::variant<HttpResponse, CallError>;

// Signs and sends the calls of one API. Each service's client builds on it. Safe for concurrent
// use; may be destroyed while calls are under way, which then end by themselves.
//
// A call that AWS refuses because our clock is wrong is an error of class kTransient, and later
// ones are signed by AWS's clock: calling again is enough.
class ServiceClient {
 public:
  struct Settings {
    Api api = Api::kKinesis;
    std::string service;  // in the credential scope, e.g. "kinesis"
    std::string region;
    Endpoint endpoint;
    // Reads code and message of an answer that is not 2xx: ReadJsonError for JSON APIs,
    // ReadXmlError for others.
    CallError (*read_error)(Api api, const HttpResponse& response);
  };
  using Callback = std::function<void(CallResult)>;

  // `transport` and `clock` must outlive every call: destroying the transport ends all calls.
  ServiceClient(Settings settings, HttpTransport& transport,
                std::shared_ptr<CredentialsProvider> credentials, const Clock& clock);

  // Signs `request`, sends it to the endpoint it names and calls back once, on the transport's
  // thread or, when no credentials are to be had, on the provider's or the caller's. After an error
  // of class kCredentials the provider knows that it was refused: calling again at once uses fresh
  // credentials, if there are any.
  void Call(HttpRequest request, const CallOptions& options, Callback callback) const;

  // The same without a signature and without credentials.
  void CallUnsigned(HttpRequest request, const CallOptions& options, Callback callback) const;

  // Has the client's own credentials fetched anew (CredentialsProvider::Renew).
  void RenewCredentials() const;

  // The settings' endpoint.
  const Endpoint& endpoint() const;
  // AWS's time, as far as it is known: what is signed apart from calls is signed at it.
  absl::Time Now() const;

 private:
  struct Core;
  const std::shared_ptr<Core> core_;
};

// AWS's id of the request; empty if the answer has none in its headers.
std::string RequestId(const HttpResponse& response);

// The part of AWS's text that is kept: its first line, up to 1024 bytes and "...", with spaces for
// control characters. Below it a refused signature's text holds the request as AWS saw it, session
// token included. The longest first line that is read on (DeniedByCallersPolicies) has two ARNs and
// fits.
std::string KeptText(std::string_view text);

// Code from x-amzn-ErrorType, or `__type` or `code` in the body; text from `message` or `Message`.
CallError ReadJsonError(Api api, const HttpResponse& response);

// The error that stands for a 2xx answer that can't be understood: the call may have had its
// effect.
CallError UnreadableAnswer(const HttpResponse& response);

}  // namespace tidemark::aws
