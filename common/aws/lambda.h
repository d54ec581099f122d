#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "common/aws/service_client.h"
#include "common/base/units.h"

namespace tidemark::aws {

// Payload of a synchronous call, each way
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
inline constexpr std::size_t kMaxInvokeBytes = 6 * kMiB;

// The function ran, or tried to.
struct FunctionAnswer {
  std::string payload;  // as it came: any bytes, at most the transport's bound
  // Empty: the function returned `payload`. "Handled" or "Unhandled": it failed, and `payload`
  // describes how (`errorMessage`, `errorType`).
  std::string function_error;
};
using InvokeResult = std::variant<FunctionAnswer, CallError>;

// AWS Lambda, 2015-03-31. Never retries. Safe for concurrent use; callbacks and lifetimes as
// ServiceClient's.
class LambdaClient {
 public:
  // `transport` and `clock` must outlive every call.
  LambdaClient(std::string region, Endpoint endpoint, HttpTransport& transport,
               std::shared_ptr<CredentialsProvider> credentials, const Clock& clock);

  // Runs a function and waits for its answer (InvocationType RequestResponse), within
  // `options.timeouts.total`. `function` is its ARN, with or without a qualifier. After an error of
  // class kTransient it may have run. No answer in time: http_status 0 and code "Timeout".
  void Invoke(std::string_view function, std::string payload, const CallOptions& options,
              std::function<void(InvokeResult)> callback) const;

 private:
  const ServiceClient client_;
};

}  // namespace tidemark::aws
