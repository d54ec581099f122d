// The operations.
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/aws/sns.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/query_api.h"
#include "common/testing/fake_aws/sns.h"
#include "common/testing/fake_aws/sns_message.h"
#include "common/testing/fake_aws/xml.h"

namespace tidemark::fake_aws {
namespace {

constexpr const char* kNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";
constexpr std::size_t kMaxApnsTokenDigits = 400;
constexpr std::string_view kNoApplication = "PlatformApplication does not exist";
constexpr std::string_view kNoEndpoint = "Endpoint does not exist";

// Attributes.entry.N.key and .value, from 1 without a gap.
Parameters AttributesOf(const Parameters& form) {
  Parameters attributes;
  for (int i = 1;; ++i) {
    const std::string entry = absl::StrCat("Attributes.entry.", i);
    const std::string_view key = Get(form, entry + ".key");
    if (key.empty()) return attributes;
    attributes[std::string(key)] = std::string(Get(form, entry + ".value"));
  }
}

void AppendAttributes(const Parameters& attributes, pugi::xml_node result) {
  pugi::xml_node node = result.append_child("Attributes");
  for (const auto& [key, value] : attributes) {
    pugi::xml_node entry = node.append_child("entry");
    AppendText(entry, "key", key);
    AppendText(entry, "value", value);
  }
}

const char* BoolText(bool value) { return value ? "true" : "false"; }

bool IsApns(std::string_view platform) { return platform.starts_with("APNS"); }

bool IsApnsToken(std::string_view token) {
  return token.size() <= kMaxApnsTokenDigits &&
         std::all_of(token.begin(), token.end(), absl::ascii_isxdigit);
}

}  // namespace

FakeSns::Operation FakeSns::FindOperation(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Operation>, 9> kOperations = {{
      {"CreatePlatformApplication", &FakeSns::AnswerCreatePlatformApplication},
      {"DeletePlatformApplication", &FakeSns::AnswerDeletePlatformApplication},
      {"GetPlatformApplicationAttributes", &FakeSns::AnswerGetPlatformApplicationAttributes},
      {"SetPlatformApplicationAttributes", &FakeSns::AnswerSetPlatformApplicationAttributes},
      {"CreatePlatformEndpoint", &FakeSns::AnswerCreatePlatformEndpoint},
      {"GetEndpointAttributes", &FakeSns::AnswerGetEndpointAttributes},
      {"SetEndpointAttributes", &FakeSns::AnswerSetEndpointAttributes},
      {"DeleteEndpoint", &FakeSns::AnswerDeleteEndpoint},
      {"Publish", &FakeSns::AnswerPublish},
  }};
  for (const auto& [known, operation] : kOperations) {
    if (known == name) return operation;
  }
  return nullptr;
}

ServerResponse FakeSns::Invalid(std::string_view what) const {
  return Error(400, "InvalidParameter", absl::StrCat("Invalid parameter: ", ToAbsl(what)));
}

ServerResponse FakeSns::Done(const Call& call) const {
  return QueryAnswer(call, kNamespace, nullptr);
}

std::optional<ServerResponse> FakeSns::CheckArn(const Call& call,
                                                std::string_view parameter) const {
  const std::vector<std::string> parts = absl::StrSplit(call.resource, absl::MaxSplits(':', 5));
  if (parts.size() != 6 || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "sns" ||
      parts[3] != options_.region) {
    return Invalid(absl::StrCat(ToAbsl(parameter), " Reason: no ARN of SNS in this region"));
  }
  if (parts[4] == call.caller.account) return std::nullopt;
  return Error(403, "AuthorizationError",
               absl::StrCat("User: ", call.caller.arn, " is not authorized to perform: SNS:",
                            call.operation, " on resource: ", call.resource));
}

std::optional<ServerResponse> FakeSns::CheckEndpoint(const PushEndpoint& endpoint) const {
  if (endpoint.token.empty()) return Invalid("Token Reason: cannot be empty");
  if (IsApns(endpoint.platform) && !IsApnsToken(endpoint.token)) {
    return Invalid(
        "Token Reason: iOS device tokens must be no more than 400 hexadecimal characters");
  }
  if (endpoint.custom_user_data.size() <= aws::kMaxCustomUserDataBytes) return std::nullopt;
  return Invalid("CustomUserData Reason: must be at most 2048 bytes long in UTF-8 encoding");
}

ServerResponse FakeSns::TokenTaken(const PushEndpoint& by) const {
  return Invalid(absl::StrCat("Token Reason: Endpoint ", by.arn,
                              " already exists with the same Token, but different attributes."));
}

ServerResponse FakeSns::AnswerCreatePlatformApplication(const Call& call, const Parameters& form) {
  const std::string platform(Get(form, "Platform"));
  const std::string name(Get(form, "Name"));
  if (platform.empty()) return Invalid("Platform Reason: cannot be empty");
  if (name.empty()) return Invalid("Name Reason: cannot be empty");
  const std::string arn = Add(platform, name, call.caller.account);
  return QueryAnswer(call, kNamespace, [&arn](pugi::xml_node result) {
    AppendText(result, "PlatformApplicationArn", arn);
  });
}

ServerResponse FakeSns::AnswerDeletePlatformApplication(const Call& call,
                                                        const Parameters& /*form*/) {
  if (auto refusal = CheckArn(call, "PlatformApplicationArn")) return *std::move(refusal);
  RemoveApplication(call.resource);
  return Done(call);
}

ServerResponse FakeSns::AnswerGetPlatformApplicationAttributes(const Call& call,
                                                               const Parameters& /*form*/) {
  if (auto refusal = CheckArn(call, "PlatformApplicationArn")) return *std::move(refusal);
  const Application* const application = FindApplication(call.resource);
  if (application == nullptr) return Error(404, "NotFound", kNoApplication);
  return QueryAnswer(call, kNamespace, [application](pugi::xml_node result) {
    AppendAttributes({{"Enabled", BoolText(application->enabled)}}, result);
  });
}

ServerResponse FakeSns::AnswerSetPlatformApplicationAttributes(const Call& call,
                                                               const Parameters& form) {
  if (auto refusal = CheckArn(call, "PlatformApplicationArn")) return *std::move(refusal);
  Application* const application = FindApplication(call.resource);
  if (application == nullptr) return Error(404, "NotFound", kNoApplication);
  const Parameters attributes = AttributesOf(form);
  if (attributes.contains("Enabled")) application->enabled = Get(attributes, "Enabled") == "true";
  return Done(call);
}

ServerResponse FakeSns::AnswerCreatePlatformEndpoint(const Call& call, const Parameters& form) {
  if (auto refusal = CheckArn(call, "PlatformApplicationArn")) return *std::move(refusal);
  const Application* const application = FindApplication(call.resource);
  if (application == nullptr) return Error(404, "NotFound", kNoApplication);
  if (!application->enabled) {
    return Error(400, "PlatformApplicationDisabled", "Platform application is disabled");
  }
  PushEndpoint endpoint{.arn = {},
                        .application_arn = call.resource,
                        .platform = application->platform,
                        .token = std::string(Get(form, "Token")),
                        .custom_user_data = std::string(Get(form, "CustomUserData"))};
  if (auto refusal = CheckEndpoint(endpoint)) return *std::move(refusal);
  if (const PushEndpoint* const there = FindByToken(call.resource, endpoint.token)) {
    const bool same = there->enabled && there->custom_user_data == endpoint.custom_user_data;
    if (!same) return TokenTaken(*there);
    endpoint.arn = there->arn;
  } else {
    const std::size_t application_at = call.resource.find(":app/");
    endpoint.arn =
        absl::StrCat(call.resource.substr(0, application_at), ":endpoint/",
                     call.resource.substr(application_at + 5), "/e0000000-0000-4000-8000-",
                     absl::Dec(++last_endpoint_, absl::kZeroPad12));
    endpoints_.emplace(endpoint.arn, endpoint);
  }
  return QueryAnswer(call, kNamespace, [&endpoint](pugi::xml_node result) {
    AppendText(result, "EndpointArn", endpoint.arn);
  });
}

ServerResponse FakeSns::AnswerGetEndpointAttributes(const Call& call, const Parameters& /*form*/) {
  if (auto refusal = CheckArn(call, "EndpointArn")) return *std::move(refusal);
  const PushEndpoint* const endpoint = FindEndpoint(call.resource);
  if (endpoint == nullptr) return Error(404, "NotFound", kNoEndpoint);
  Parameters attributes = {{"Enabled", BoolText(endpoint->enabled)}, {"Token", endpoint->token}};
  if (!endpoint->custom_user_data.empty())
    attributes["CustomUserData"] = endpoint->custom_user_data;
  return QueryAnswer(call, kNamespace, [&attributes](pugi::xml_node result) {
    AppendAttributes(attributes, result);
  });
}

ServerResponse FakeSns::AnswerSetEndpointAttributes(const Call& call, const Parameters& form) {
  if (auto refusal = CheckArn(call, "EndpointArn")) return *std::move(refusal);
  PushEndpoint* const endpoint = FindEndpoint(call.resource);
  if (endpoint == nullptr) return Error(404, "NotFound", kNoEndpoint);
  const Parameters attributes = AttributesOf(form);
  PushEndpoint changed = *endpoint;
  for (const auto& [name, value] : attributes) {
    if (name == "Token") {
      changed.token = value;
    } else if (name == "CustomUserData") {
      changed.custom_user_data = value;
    } else if (name == "Enabled") {
      changed.enabled = value == "true";
    } else {
      return Invalid(absl::StrCat("Attributes Reason: Invalid attribute name: ", name));
    }
  }
  if (auto refusal = CheckEndpoint(changed)) return *std::move(refusal);
  const PushEndpoint* const holder = FindByToken(changed.application_arn, changed.token);
  if (holder != nullptr && holder != endpoint) return TokenTaken(*holder);
  *endpoint = std::move(changed);
  return Done(call);
}

ServerResponse FakeSns::AnswerDeleteEndpoint(const Call& call, const Parameters& /*form*/) {
  if (auto refusal = CheckArn(call, "EndpointArn")) return *std::move(refusal);
  endpoints_.erase(call.resource);
  return Done(call);
}

ServerResponse FakeSns::AnswerPublish(const Call& call, const Parameters& form) {
  if (auto refusal = CheckArn(call, "TargetArn")) return *std::move(refusal);
  if (Get(form, "MessageStructure") != "json") {
    return Invalid("MessageStructure Reason: the fake's SNS takes json alone");
  }
  PushEndpoint* const endpoint = FindEndpoint(call.resource);
  if (endpoint == nullptr) {  // What AWS says, and not NotFound as in other operations.
    return Invalid("TargetArn Reason: No endpoint found for the target arn specified");
  }
  const Application* const application = FindApplication(endpoint->application_arn);
  if (application == nullptr || !application->enabled) {
    return Error(400, "PlatformApplicationDisabled", "Platform application is disabled");
  }
  if (!endpoint->enabled) return Error(400, "EndpointDisabled", "Endpoint is disabled");
  const std::string message(Get(form, "Message"));
  absl::StatusOr<std::string> payload = PayloadOf(message, endpoint->platform);
  if (!payload.ok()) return Error(400, "InvalidParameter", ToStd(payload.status().message()));
  ++endpoint->pushes;
  ++pushes_;
  if (options_.keep_pushes) {
    received_.push_back({.endpoint_arn = endpoint->arn,
                         .message = message,
                         .payload = *std::move(payload),
                         .call = call.number,
                         .arrived = clock_.Now()});
  }
  return QueryAnswer(call, kNamespace, [&call](pugi::xml_node result) {
    AppendText(result, "MessageId", RequestId(call.number));
  });
}

}  // namespace tidemark::fake_aws
