#include "common/testing/fake_aws/sts.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/query_api.h"
#include "common/testing/fake_aws/xml.h"

namespace tidemark::fake_aws {
namespace {

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
constexpr int kMinSeconds = 900;
constexpr int kMaxSeconds = 43'200;
constexpr int kDefaultSeconds = 3600;
constexpr absl::Duration kMaxChained = absl::Hours(1);

constexpr const char* kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
constexpr std::array<std::string_view, 3> kOperations = {"AssumeRole", "AssumeRoleWithWebIdentity",
                                                         "GetCallerIdentity"};

bool HasOnly(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [marks](char c) {
    return absl::ascii_isalnum(c) || marks.find(c) != std::string_view::npos;
  });
}

bool IsSessionName(std::string_view text) {
  return text.size() >= 2 && text.size() <= 64 && HasOnly(text, "_=,.@-+");
}

bool IsExternalId(std::string_view text) {
  return text.size() >= 2 && text.size() <= 1224 && HasOnly(text, "_=,.@:/-+");
}

// The session, in an answer.
void AppendSession(const aws::Credentials& credentials, const Role& role,
                   std::string_view session_name, pugi::xml_node result) {
  pugi::xml_node node = result.append_child("Credentials");
  AppendText(node, "AccessKeyId", credentials.access_key_id);
  AppendText(node, "SecretAccessKey", credentials.secret_access_key.Reveal());
  AppendText(node, "SessionToken", credentials.session_token.Reveal());
  AppendText(node, "Expiration",
             absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", credentials.expiry, absl::UTCTimeZone()));
  node = result.append_child("AssumedRoleUser");
  const std::string name = absl::StrCat(ToAbsl(NameOfRole(role.arn)), "/", ToAbsl(session_name));
  AppendText(node, "AssumedRoleId", absl::StrCat("AROAFAKE:", ToAbsl(session_name)));
  AppendText(
      node, "Arn",
      absl::StrCat("arn:aws:sts::", AccountOfRole(role.arn).value_or(""), ":assumed-role/", name));
}

}  // namespace

bool FakeSts::Knows(const ServerRequest& request) {
  if (request.method != "POST" || PathOf(request.target) != "/") return false;
  const std::string action(Get(ParseQuery(request.body), "Action"));
  return std::count(kOperations.begin(), kOperations.end(), action) > 0;
}

Call FakeSts::Read(const ServerRequest& request) const {
  const Parameters form = ParseQuery(request.body);
  const std::string operation(Get(form, "Action"));
  return {.request = request,
          .operation = operation,
          .resource = std::string(Get(form, "RoleArn")),
          .action = {},
          .anonymous = operation == "AssumeRoleWithWebIdentity",
          .caller = {}};
}

ServerResponse FakeSts::Answer(const Call& call, const std::optional<Fault>& /*records*/) {
  const Parameters form = ParseQuery(call.request.body);
  if (call.operation == "AssumeRole") return AssumeRole(call, form);
  if (call.operation == "AssumeRoleWithWebIdentity") return AssumeRoleWithWebIdentity(call, form);
  if (call.operation == "GetCallerIdentity") return GetCallerIdentity(call);
  return Error(400, "InvalidAction", absl::StrCat("Could not find operation ", call.operation));
}

ServerResponse FakeSts::Error(int status, std::string_view code, std::string_view message) const {
  return QueryError(kNamespace, status, code, message);
}

ServerResponse FakeSts::Invalid(std::string_view message) const {
  return Error(400, "ValidationError", message);
}

std::optional<ServerResponse> FakeSts::CheckSession(const Call& call, const Parameters& form,
                                                    const std::optional<Role>& role,
                                                    absl::Duration& duration) const {
  if (!AccountOfRole(call.resource)) return Invalid(call.resource + " is invalid");
  if (!IsSessionName(Get(form, "RoleSessionName"))) {
    return Invalid(
        "Value at 'roleSessionName' failed to satisfy constraint: 2 to 64 of [\\w+=,.@-]");
  }
  int seconds = kDefaultSeconds;
  const std::string_view asked = Get(form, "DurationSeconds");
  if (!asked.empty() && (!absl::SimpleAtoi(ToAbsl(asked), &seconds) || seconds < kMinSeconds ||
                         seconds > kMaxSeconds)) {
    return Invalid("Value at 'durationSeconds' failed to satisfy constraint: 900 to 43200");
  }
  duration = absl::Seconds(seconds);
  if (!call.caller.role_arn.empty() && duration > kMaxChained) {
    return Invalid(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining");
  }
  if (role && duration > role->max_session) {
    return Invalid(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return std::nullopt;
}

ServerResponse FakeSts::AssumeRole(const Call& call, const Parameters& form) {
  const std::optional<Role> role = iam_.FindRole(call.resource);
  absl::Duration duration;
  if (auto refusal = CheckSession(call, form, role, duration)) return *std::move(refusal);
  const std::string_view external_id = Get(form, "ExternalId");
  if (form.contains("ExternalId") && !IsExternalId(external_id)) {
    return Invalid("Value at 'externalId' failed to satisfy constraint: 2 to 1224 characters");
  }
  if (!role || (role->external_id && *role->external_id != external_id)) {
    return Error(
        403, "AccessDenied",
        absl::StrCat("User: ", call.caller.arn,
                     " is not authorized to perform: sts:AssumeRole on resource: ", call.resource));
  }
  const std::string session_name(Get(form, "RoleSessionName"));
  const aws::Credentials credentials = iam_.Issue(*role, session_name, duration);
  return QueryAnswer(call, kNamespace, [&](pugi::xml_node result) {
    AppendSession(credentials, *role, session_name, result);
  });
}

ServerResponse FakeSts::AssumeRoleWithWebIdentity(const Call& call, const Parameters& form) {
  const std::optional<Role> role = iam_.FindRole(call.resource);
  absl::Duration duration;
  if (auto refusal = CheckSession(call, form, role, duration)) return *std::move(refusal);
  if (!role || role->web_identity_token.empty()) {
    return Error(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  }
  if (role->web_identity_token != Get(form, "WebIdentityToken")) {
    return Error(400, "InvalidIdentityToken", "The web identity token could not be validated");
  }
  const std::string session_name(Get(form, "RoleSessionName"));
  const aws::Credentials credentials = iam_.Issue(*role, session_name, duration);
  return QueryAnswer(call, kNamespace, [&](pugi::xml_node result) {
    AppendText(result, "SubjectFromWebIdentityToken", "tester");
    AppendSession(credentials, *role, session_name, result);
  });
}

ServerResponse FakeSts::GetCallerIdentity(const Call& call) const {
  return QueryAnswer(call, kNamespace, [&](pugi::xml_node result) {
    AppendText(result, "Arn", call.caller.arn);
    AppendText(result, "UserId", "AIDAFAKE");
    AppendText(result, "Account", call.caller.account);
  });
}

}  // namespace tidemark::fake_aws
