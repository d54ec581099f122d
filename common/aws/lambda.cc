#include "common/aws/lambda.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/uri.h"

namespace tidemark::aws {

LambdaClient::LambdaClient(std::string region, Endpoint endpoint, HttpTransport& transport,
                           std::shared_ptr<CredentialsProvider> credentials, const Clock& clock)
    : client_({.api = Api::kLambda,
               .service = "lambda",
               .region = std::move(region),
               .endpoint = std::move(endpoint),
               .read_error = &ReadJsonError},
              transport, std::move(credentials), clock) {}

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
void LambdaClient::Invoke(std::string_view function, std::string payload,
                          const CallOptions& options,
                          std::function<void(InvokeResult)> callback) const {
  HttpRequest request{
      .method = "POST",
      .endpoint = client_.endpoint(),
      .target = absl::StrCat("/2015-03-31/functions/", UriEncode(function), "/invocations"),
      .headers = {{"Content-Type", "application/json"},
                  {"X-Amz-Invocation-Type", "RequestResponse"}},
      .body = std::move(payload)};
  client_.Call(std::move(request), options, [callback = std::move(callback)](CallResult result) {
    if (auto* error = std::get_if<CallError>(&result)) return callback(std::move(*error));
    auto& response = std::get<HttpResponse>(result);
    std::string function_error(FindHeader(response.headers, "x-amz-function-error"));
    callback(FunctionAnswer{.payload = std::move(response.body),
                            .function_error = std::move(function_error)});
  });
}

}  // namespace tidemark::aws
