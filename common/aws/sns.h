#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/aws/service_client.h"

namespace tidemark::aws {

// Limits of SNS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and
// .../API_CreatePlatformEndpoint.html), in bytes of UTF-8.
inline constexpr std::size_t kMaxSnsMessageBytes = 262'144;
inline constexpr std::size_t kMaxCustomUserDataBytes = 2048;

struct CreatePlatformEndpointRequest {
  std::string_view application_arn;
  std::string_view token;
  std::string_view custom_user_data;  // empty: none
};

// SNS answers the same endpoint for equal token and attributes. Where it has the token with other
// attributes (another user data, or disabled) it refuses, and names the endpoint in its text:
// `existing` then says that `endpoint_arn` is what it named, as it was, and not what was asked for.
struct PlatformEndpointResult {
  std::optional<CallError> error;
  std::string endpoint_arn;  // if there is no error
  bool existing = false;
};

struct EndpointAttributes {
  std::string_view token;
  std::string_view custom_user_data;  // empty: left as it is
  bool enabled = true;
};

struct PlatformApplicationResult {
  std::optional<CallError> error;
  bool enabled = false;  // if there is no error
};

// Amazon Simple Notification Service, 2010-03-31: mobile push. Never retries. Safe for concurrent
// use; callbacks and lifetimes as ServiceClient's. Errors of class kOff: the endpoint (code
// EndpointDisabled or NotFound) or the application (PlatformApplicationDisabled, NotFound) can't be
// used.
class SnsClient {
 public:
  using Callback = std::function<void(std::optional<CallError>)>;  // nullopt: done

  // `transport` and `clock` must outlive every call.
  SnsClient(std::string region, Endpoint endpoint, HttpTransport& transport,
            std::shared_ptr<CredentialsProvider> credentials, const Clock& clock);

  void CreatePlatformEndpoint(const CreatePlatformEndpointRequest& request,
                              const CallOptions& options,
                              std::function<void(PlatformEndpointResult)> callback) const;

  void SetEndpointAttributes(std::string_view endpoint_arn, const EndpointAttributes& attributes,
                             const CallOptions& options, Callback callback) const;

  // Deleting one that is not there is no error.
  void DeleteEndpoint(std::string_view endpoint_arn, const CallOptions& options,
                      Callback callback) const;

  // Sends a message to one endpoint. `message` is a JSON object of strings with `default` and one
  // member for each platform (MessageStructure `json`), at most kMaxSnsMessageBytes. An endpoint
  // that was deleted is an error with code NotFound, whichever AWS gives.
  void Publish(std::string_view endpoint_arn, std::string_view message, const CallOptions& options,
               Callback callback) const;

  void GetPlatformApplicationAttributes(
      std::string_view application_arn, const CallOptions& options,
      std::function<void(PlatformApplicationResult)> callback) const;

 private:
  const ServiceClient client_;
};

}  // namespace tidemark::aws
