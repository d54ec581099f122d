#include "common/aws/role_refusals.h"

#include <utility>

namespace tidemark::aws {
namespace {

// How long a session of a role lasts.
constexpr absl::Duration kRemembered = absl::Hours(1);

}  // namespace

void RoleRefusals::Assumed() {
  const std::lock_guard lock(mutex_);
  latest_ = {};
  other_ = {};
}

bool RoleRefusals::SuspectsIdentity(const std::string& role_arn) {
  const absl::Time now = boottime_.Now();
  std::string other;
  {
    const std::lock_guard lock(mutex_);
    if (latest_.role_arn != role_arn) other_ = std::exchange(latest_, {role_arn, now});
    latest_.time = now;
    if (other_.role_arn.empty() || now - other_.time > kRemembered) return false;
    other = other_.role_arn;
  }
  if (const auto held_back = limiter_.Admit(now)) {
    obs::Log(
        obs::Level::kError,
        "several roles refuse to be assumed and none was assumed since: the installation's own "
        "AWS identity is suspected, and no stream is turned off for its role",
        {{"role", role_arn}, {"other_role", other}, {"held_back", *held_back}});
  }
  return true;
}

}  // namespace tidemark::aws
