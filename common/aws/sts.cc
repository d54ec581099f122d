#include "common/aws/sts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <pugixml.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/expiry.h"
#include "common/aws/form_request.h"
#include "common/aws/xml_answer.h"
#include "common/base/abseil.h"

namespace tidemark::aws {
namespace {

constexpr std::string_view kVersion = "2011-06-15";

std::string SecondsOf(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Seconds(duration));
}

std::optional<Credentials> ParseCredentials(const HttpResponse& response, const char* action,
                                            absl::Time now) {
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) return std::nullopt;
  const pugi::xml_node node = document.child(absl::StrCat(action, "Response").c_str())
                                  .child(absl::StrCat(action, "Result").c_str())
                                  .child("Credentials");
  Credentials credentials{.access_key_id = node.child_value("AccessKeyId"),
                          .secret_access_key = Secret(node.child_value("SecretAccessKey")),
                          .session_token = Secret(node.child_value("SessionToken"))};
  const bool complete = IsAccessKeyId(credentials.access_key_id) &&
                        !credentials.secret_access_key.empty() &&
                        !credentials.session_token.empty();
  const auto expiry = ParseExpiry(node.child_value("Expiration"), response, now);
  if (!complete || !expiry) return std::nullopt;
  credentials.expiry = *expiry;
  return credentials;
}

CredentialsResult ReadCredentials(CallResult result, const char* action, absl::Time now) {
  if (auto* error = std::get_if<CallError>(&result)) return std::move(*error);
  const auto& response = std::get<HttpResponse>(result);
  std::optional<Credentials> credentials = ParseCredentials(response, action, now);
  if (!credentials) return UnreadableAnswer(response);
  return *std::move(credentials);
}

CallerIdentityResult ReadIdentity(CallResult result) {
  if (auto* error = std::get_if<CallError>(&result)) return std::move(*error);
  const auto& response = std::get<HttpResponse>(result);
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node node =
      document.child("GetCallerIdentityResponse").child("GetCallerIdentityResult");
  CallerIdentity identity{node.child_value("Account"), node.child_value("Arn")};
  if (identity.account.empty()) return UnreadableAnswer(response);
  return identity;
}

}  // namespace

bool DeniedByCallersPolicies(const CallError& error) {
  constexpr std::array<std::string_view, 5> kCallers = {
      "identity-based policy", "permissions boundary", "service control policy", "session policy",
      "VPC endpoint policy"};
  return std::any_of(kCallers.begin(), kCallers.end(), [&error](std::string_view policy) {
    return error.message.find(policy) != std::string::npos;
  });
}

StsClient::StsClient(std::string region, Endpoint endpoint, HttpTransport& transport,
                     std::shared_ptr<CredentialsProvider> credentials, const Clock& clock)
    : clock_(clock),
      client_({.api = Api::kSts,
               .service = "sts",
               .region = std::move(region),
               .endpoint = std::move(endpoint),
               .read_error = &ReadXmlError},
              transport, std::move(credentials), clock) {}

void StsClient::RenewCredentials() const { client_.RenewCredentials(); }

void StsClient::AssumeRole(const AssumeRoleRequest& request, const CallOptions& options,
                           std::function<void(CredentialsResult)> callback) const {
  client_.Call(FormRequest(client_.endpoint(), "AssumeRole", kVersion,
                           {{"RoleArn", request.role_arn},
                            {"RoleSessionName", request.session_name},
                            {"ExternalId", request.external_id},
                            {"DurationSeconds", SecondsOf(request.duration)}}),
               options, [&clock = clock_, callback = std::move(callback)](CallResult result) {
                 callback(ReadCredentials(std::move(result), "AssumeRole", clock.Now()));
               });
}

void StsClient::AssumeRoleWithWebIdentity(const WebIdentityRequest& request,
                                          const CallOptions& options,
                                          std::function<void(CredentialsResult)> callback) const {
  client_.CallUnsigned(
      FormRequest(client_.endpoint(), "AssumeRoleWithWebIdentity", kVersion,
                  {{"RoleArn", request.role_arn},
                   {"RoleSessionName", request.session_name},
                   {"WebIdentityToken", request.token.Reveal()},
                   {"DurationSeconds", SecondsOf(request.duration)}}),
      options, [&clock = clock_, callback = std::move(callback)](CallResult result) {
        callback(ReadCredentials(std::move(result), "AssumeRoleWithWebIdentity", clock.Now()));
      });
}

void StsClient::GetCallerIdentity(const CallOptions& options,
                                  std::function<void(CallerIdentityResult)> callback) const {
  client_.Call(FormRequest(client_.endpoint(), "GetCallerIdentity", kVersion, {}), options,
               [callback = std::move(callback)](CallResult result) {
                 callback(ReadIdentity(std::move(result)));
               });
}

}  // namespace tidemark::aws
