#include "common/aws/sns.h"

#include <pugixml.hpp>
#include <utility>
#include <vector>

#include "common/aws/form_request.h"
#include "common/aws/xml_answer.h"

namespace tidemark::aws {
namespace {

constexpr std::string_view kVersion = "2010-03-31";

// The result in an answer to `action`, given by its name; an empty node if it is no such answer.
pugi::xml_node ResultOf(const pugi::xml_document& document, const std::string& action) {
  return document.child((action + "Response").c_str()).child((action + "Result").c_str());
}

// The endpoint in "Invalid parameter: Token Reason: Endpoint ARN already exists with the same
// Token, but different attributes."; empty if the error is another. AWS's own samples read it so:
// https://docs.aws.amazon.com/sns/latest/dg/mobile-platform-endpoint.html
std::string ExistingEndpoint(const CallError& error) {
  constexpr std::string_view kBefore = "Endpoint arn:";
  constexpr std::string_view kBehind = " already exists with the same ";
  if (error.code != "InvalidParameter") return "";
  const std::string_view text = error.message;
  const std::size_t before = text.find(kBefore);
  if (before == std::string_view::npos) return "";
  const std::string_view rest = text.substr(before + kBefore.find("arn:"));
  const std::size_t end = rest.find(' ');
  if (end == std::string_view::npos || !rest.substr(end).starts_with(kBehind)) return "";
  return std::string(rest.substr(0, end));
}

PlatformEndpointResult ReadEndpoint(CallResult result) {
  if (auto* error = std::get_if<CallError>(&result)) {
    std::string existing = ExistingEndpoint(*error);
    if (existing.empty()) return {.error = std::move(*error), .endpoint_arn = ""};
    return {.error = std::nullopt, .endpoint_arn = std::move(existing), .existing = true};
  }
  const auto& response = std::get<HttpResponse>(result);
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  std::string arn = ResultOf(document, "CreatePlatformEndpoint").child_value("EndpointArn");
  if (arn.empty()) return {.error = UnreadableAnswer(response), .endpoint_arn = ""};
  return {.error = std::nullopt, .endpoint_arn = std::move(arn)};
}

PlatformApplicationResult ReadApplication(CallResult result) {
  if (auto* error = std::get_if<CallError>(&result)) return {.error = std::move(*error)};
  const auto& response = std::get<HttpResponse>(result);
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node node = ResultOf(document, "GetPlatformApplicationAttributes");
  if (!node) return {.error = UnreadableAnswer(response)};
  // Only what was set is sure to be told, and an application is enabled until it is disabled.
  PlatformApplicationResult application{.error = std::nullopt, .enabled = true};
  for (const pugi::xml_node entry : node.child("Attributes").children("entry")) {
    if (std::string_view(entry.child_value("key")) != "Enabled") continue;
    application.enabled = std::string_view(entry.child_value("value")) == "true";
  }
  return application;
}

// What an answer without a result says.
std::optional<CallError> ReadDone(CallResult result) {
  auto* error = std::get_if<CallError>(&result);
  return error == nullptr ? std::nullopt : std::optional(std::move(*error));
}

// Publish's answer. A deleted endpoint is an InvalidParameter to AWS, and told apart by its text
// alone; moto says NotFound, as AWS does in its other operations.
std::optional<CallError> ReadPublished(CallResult result) {
  std::optional<CallError> error = ReadDone(std::move(result));
  if (error && error->code == "InvalidParameter" &&
      error->message.find("No endpoint found for the target arn") != std::string::npos) {
    error->code = "NotFound";
    error->error_class = ErrorClass::kOff;
  }
  return error;
}

}  // namespace

SnsClient::SnsClient(std::string region, Endpoint endpoint, HttpTransport& transport,
                     std::shared_ptr<CredentialsProvider> credentials, const Clock& clock)
    : client_({.api = Api::kSns,
               .service = "sns",
               .region = std::move(region),
               .endpoint = std::move(endpoint),
               .read_error = &ReadXmlError},
              transport, std::move(credentials), clock) {}

void SnsClient::CreatePlatformEndpoint(const CreatePlatformEndpointRequest& request,
                                       const CallOptions& options,
                                       std::function<void(PlatformEndpointResult)> callback) const {
  client_.Call(FormRequest(client_.endpoint(), "CreatePlatformEndpoint", kVersion,
                           {{"PlatformApplicationArn", request.application_arn},
                            {"Token", request.token},
                            {"CustomUserData", request.custom_user_data}}),
               options, [callback = std::move(callback)](CallResult result) {
                 callback(ReadEndpoint(std::move(result)));
               });
}

void SnsClient::SetEndpointAttributes(std::string_view endpoint_arn,
                                      const EndpointAttributes& attributes,
                                      const CallOptions& options, Callback callback) const {
  std::vector<FormParameter> parameters = {
      {"EndpointArn", endpoint_arn},
      {"Attributes.entry.1.key", "Token"},
      {"Attributes.entry.1.value", attributes.token},
      {"Attributes.entry.2.key", "Enabled"},
      {"Attributes.entry.2.value", attributes.enabled ? "true" : "false"}};
  if (!attributes.custom_user_data.empty()) {
    parameters.push_back({"Attributes.entry.3.key", "CustomUserData"});
    parameters.push_back({"Attributes.entry.3.value", attributes.custom_user_data});
  }
  client_.Call(FormRequest(client_.endpoint(), "SetEndpointAttributes", kVersion, parameters),
               options, [callback = std::move(callback)](CallResult result) {
                 callback(ReadDone(std::move(result)));
               });
}

void SnsClient::DeleteEndpoint(std::string_view endpoint_arn, const CallOptions& options,
                               Callback callback) const {
  client_.Call(
      FormRequest(client_.endpoint(), "DeleteEndpoint", kVersion, {{"EndpointArn", endpoint_arn}}),
      options, [callback = std::move(callback)](CallResult result) {
        std::optional<CallError> error = ReadDone(std::move(result));
        if (error && error->code == "NotFound") error.reset();
        callback(std::move(error));
      });
}

void SnsClient::Publish(std::string_view endpoint_arn, std::string_view message,
                        const CallOptions& options, Callback callback) const {
  client_.Call(
      FormRequest(
          client_.endpoint(), "Publish", kVersion,
          {{"TargetArn", endpoint_arn}, {"MessageStructure", "json"}, {"Message", message}}),
      options, [callback = std::move(callback)](CallResult result) {
        callback(ReadPublished(std::move(result)));
      });
}

void SnsClient::GetPlatformApplicationAttributes(
    std::string_view application_arn, const CallOptions& options,
    std::function<void(PlatformApplicationResult)> callback) const {
  client_.Call(FormRequest(client_.endpoint(), "GetPlatformApplicationAttributes", kVersion,
                           {{"PlatformApplicationArn", application_arn}}),
               options, [callback = std::move(callback)](CallResult result) {
                 callback(ReadApplication(std::move(result)));
               });
}

}  // namespace tidemark::aws
