#pragma once

#include <memory>
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
  // spreads what was changed in it within seconds to a minute. The count begins anew when nothing
  // was refused for as long (a minute at least).
  absl::Duration patience = absl::Minutes(1);
};

// Hears what STS says of all the roles that one identity assumes: a refusal that STS does not
// explain may be the role's fault or that identity's. Safe for concurrent use.
class RefusalJudge {
 public:
  virtual ~RefusalJudge() = default;

  // Some role was assumed.
  virtual void Assumed() = 0;
  // This role refused. True if the identity is to be suspected rather than the role.
  virtual bool SuspectsIdentity(const std::string& role_arn) = 0;
};

// Fetches the role's credentials for an hour, the longest that is possible for every role.
//
// PERMISSION_DENIED says that the role does not exist or does not trust us: STS refused with
// AccessDenied, does not lay it to our own policies, takes our base credentials for other calls,
// the judge does not suspect these, and patience is at its end. The first refusal has the base
// credentials fetched anew, so that it is not old ones that are refused. FAILED_PRECONDITION: STS
// finds fault with the request, e.g. with the role's ARN. Everything else, base credentials that
// AWS does not take among it, is UNAVAILABLE.
class AssumedRoleSource final : public CredentialsSource {
 public:
  // `sts` signs with the base credentials. `boottime` must outlive every fetch. `judge`: null if
  // no other role is assumed.
  AssumedRoleSource(AssumedRole role, StsClient sts, const Clock& boottime,
                    std::shared_ptr<RefusalJudge> judge = nullptr);

  void Fetch(Callback callback) override;

 private:
  void Confirm(const CallError& refusal, Callback callback);
  absl::Status Refused(const std::string& text);
  std::string TextOf(const CallError& error) const;

  const AssumedRole role_;
  const StsClient sts_;
  const Clock& boottime_;
  const std::shared_ptr<RefusalJudge> judge_;
  // Of one fetch at a time, which its caller sees to.
  int refusals_ = 0;  // in a row, as far as STS decided
  absl::Time refused_since_;
  absl::Time last_refusal_ = absl::InfinitePast();
};

}  // namespace tidemark::aws
