#include "services/push/domain/applications.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::push {
namespace {

absl::Status NotConfigured(std::string_view message, errors::Metadata metadata) {
  return errors::Error(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED, message, metadata);
}

}  // namespace

absl::StatusOr<std::string> ApplicationFor(Platform platform,
                                           const std::vector<std::string>& application_arns,
                                           std::string_view pool_id) {
  if (absl::Status any = RequireApplications(application_arns, pool_id); !any.ok()) return any;
  const std::string name(PlatformName(platform));
  const std::string part = absl::StrCat(":app/", name, "/");
  const auto found = std::ranges::find_if(application_arns, [&](const std::string& arn) {
    return arn.find(part) != std::string::npos;
  });
  if (found != application_arns.end()) return *found;
  return NotConfigured(
      absl::StrCat("the identity pool '", ToAbsl(pool_id), "' has no SNS platform application for ",
                   name, "; add one to its push settings"),
      {{"identityPoolId", std::string(pool_id)}, {"platform", name}});
}

absl::Status RequireApplications(const std::vector<std::string>& application_arns,
                                 std::string_view pool_id) {
  if (!application_arns.empty()) return absl::OkStatus();
  return NotConfigured(absl::StrCat("the identity pool '", ToAbsl(pool_id),
                                    "' has no SNS platform application; an operator sets them in "
                                    "its push settings"),
                       {{"identityPoolId", std::string(pool_id)}});
}

}  // namespace tidemark::push
