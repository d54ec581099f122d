#include "common/testing/fake_aws/admin_roles.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/admin_answer.h"
#include "common/testing/fake_aws/query.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

// Throws json::exception for a value of the wrong type.
bool SetMember(const std::string& name, const json& value, Role& role) {
  if (name == "arn") {
    value.get_to(role.arn);
  } else if (name == "externalId") {
    role.external_id = value.get<std::string>();
  } else if (name == "webIdentityToken") {
    value.get_to(role.web_identity_token);
  } else if (name == "actions") {
    value.get_to(role.actions);
  } else if (name == "maxSessionSeconds") {
    role.max_session = absl::Seconds(value.get<double>());
  } else if (name == "lifetimeSeconds") {
    role.lifetime = absl::Seconds(value.get<double>());
  } else {
    return false;
  }
  return true;
}

absl::StatusOr<Role> ParseRole(const std::string& text) {
  const json body = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return absl::InvalidArgumentError("a role is a JSON object");
  Role role;
  try {
    for (const auto& [name, value] : body.items()) {
      if (!SetMember(name, value, role)) {
        return absl::InvalidArgumentError(absl::StrCat("unknown member of a role: ", name));
      }
    }
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!AccountOfRole(role.arn)) {
    return absl::InvalidArgumentError("arn must be arn:aws:iam::ACCOUNT:role/NAME");
  }
  return role;
}

}  // namespace

ServerResponse AdministerRoles(FakeIam& iam, std::string_view route, const ServerRequest& request) {
  if (route == "PUT /_fake/sts/role") {
    absl::StatusOr<Role> role = ParseRole(request.body);
    if (!role.ok()) return AdminRefusal(ToStd(role.status().message()));
    iam.PutRole(*std::move(role));
    return AdminAnswer(200, json::object());
  }
  if (route == "DELETE /_fake/sts/role") {
    const Parameters query = ParseQuery(QueryOf(request.target));
    if (!iam.DeleteRole(Get(query, "arn"))) return AdminRefusal("no such role");
    return AdminAnswer(200, json::object());
  }
  if (route == "POST /_fake/sts/expire") {
    const json body = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object() || !body.contains("arn") || !body["arn"].is_string()) {
      return AdminRefusal("wants arn");
    }
    return AdminAnswer(200, {{"ended", iam.ExpireSessions(body["arn"].get<std::string>())}});
  }
  return NoSuchAdminPage();
}

}  // namespace tidemark::fake_aws
