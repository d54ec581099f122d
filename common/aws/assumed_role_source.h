#pragma once

#include <string>

#include "common/aws/credentials_source.h"
#include "common/aws/sts.h"
#include "common/base/clock.h"

namespace tidemark::aws {

// A role of somebody else's that is assumed with our base credentials.
struct AssumedRole {
  std::string role_arn;
  std::string external_id;
  std::string session_name = "tidemark";
  // A role counts as refusing only when it has refused for so long, and at least three times: IAM
  // spreads what was changed in it within seconds to a minute.
  absl::Duration patience = absl::Minutes(1);
};

// Fetches the role's credentials for an hour, the longest that is possible for every role.
//
// PERMISSION_DENIED says that the role does not exist or does not trust us: STS refused with
// AccessDenied, does not lay it to our own policies, takes our base credentials for other calls,
// and patience is at its end. FAILED_PRECONDITION: STS finds fault with the request, e.g. with the
// role's ARN. Everything else, base credentials that AWS does not take among it, is UNAVAILABLE.
class AssumedRoleSource final : public CredentialsSource {
 public:
  // `sts` signs with the base credentials. `boottime` must outlive every fetch.
  AssumedRoleSource(AssumedRole role, StsClient sts, const Clock& boottime);

  void Fetch(Callback callback) override;

 private:
  void Confirm(const CallError& refusal, Callback callback);
  absl::Status Refused(const std::string& text);
  std::string TextOf(const CallError& error) const;

  const AssumedRole role_;
  const StsClient sts_;
  const Clock& boottime_;
  // Of one fetch at a time, which its caller sees to.
  int refusals_ = 0;  // in a row, as far as STS decided
  absl::Time refused_since_;
};

}  // namespace tidemark::aws
