#pragma once

#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "common/aws/assumed_role_source.h"
#include "common/base/clock.h"
#include "common/obs/log.h"

namespace tidemark::aws {

// Suspects the installation's own identity while two or more roles refuse and none was assumed
// since the first of them did: then it is more likely that it may assume nothing (its own policies
// were changed, its session was revoked) than that several roles were broken at once. That is
// logged as an error. A refusal counts here for an hour: within it every role in use is assumed
// anew. One role alone can't be told from its caller. Safe for concurrent use.
class RoleRefusals final : public RefusalJudge {
 public:
  // `boottime` must outlive it.
  explicit RoleRefusals(const Clock& boottime) : boottime_(boottime) {}

  void Assumed() override;
  bool SuspectsIdentity(const std::string& role_arn) override;

 private:
  struct Refusal {
    std::string role_arn;  // empty: none
    absl::Time time;
  };

  const Clock& boottime_;
  obs::LogLimiter limiter_{absl::Minutes(1)};

  std::mutex mutex_;
  // Guarded by mutex_. Two are enough to know whether there are several.
  Refusal latest_;
  Refusal other_;  // the latest of another role
};

}  // namespace tidemark::aws
