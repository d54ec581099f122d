#include "services/push/rpc/check_settings.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"

namespace tidemark::push {
namespace {

using errors::Excerpt;

// As of tidemark.stream_config.v1.PushSettings, whose service checks the ARNs in full.
constexpr int kMaxApplications = 16;
constexpr std::size_t kMaxApplicationArn = 512;
constexpr std::size_t kMaxRoleArn = 2048;
constexpr std::size_t kExternalId = 32;

void CheckApplications(const v1::CheckSettingsRequest& request, errors::Violations& violations) {
  const int count = request.application_arns_size();
  if (count < 1 || count > kMaxApplications) {
    violations.Add("application_arns",
                   absl::StrCat("has ", count, " items; 1 to ", kMaxApplications));
  }
  for (int i = 0; i < count; ++i) {
    const std::string& arn = request.application_arns(i);
    if (absl::StartsWith(arn, "arn:aws:sns:") && absl::StrContains(arn, ":app/") &&
        arn.size() <= kMaxApplicationArn) {
      continue;
    }
    violations.Add(absl::StrCat("application_arns[", i, "]"),
                   absl::StrCat("'", Excerpt(arn), "' is not an SNS platform application's ARN of ",
                                "at most ", kMaxApplicationArn, " characters"));
  }
}

void CheckRole(const v1::CheckSettingsRequest& request, errors::Violations& violations) {
  const std::string& role = request.role_arn();
  if (role.empty()) return;
  if (!absl::StartsWith(role, "arn:aws:iam::") || role.size() > kMaxRoleArn) {
    violations.Add("role_arn", absl::StrCat("'", Excerpt(role), "' is not a role's ARN of at most ",
                                            kMaxRoleArn, " characters"));
  }
  const std::string& id = request.role_external_id();
  if (id.size() != kExternalId || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    violations.Add("role_external_id", absl::StrCat("'", Excerpt(id), "' is not ", kExternalId,
                                                    " lower-case hexadecimal digits"));
  }
}

absl::Status Check(const rpc::Call& call, const v1::CheckSettingsRequest& request) {
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  errors::Violations violations;
  CheckApplications(request, violations);
  CheckRole(request, violations);
  return violations.ToStatus();
}

}  // namespace

void CheckSettings(Endpoints& endpoints, const rpc::Call& call,
                   const v1::CheckSettingsRequest& request, const rpc::Done& done) {
  if (const absl::Status status = Check(call, request); !status.ok()) return done(status);
  endpoints.Check({.role_arn = request.role_arn(), .external_id = request.role_external_id()},
                  {request.application_arns().begin(), request.application_arns().end()},
                  call.deadline, [done](const absl::Status& status) { done(status); });
}

}  // namespace tidemark::push
