#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/credentials.h"
#include "common/aws/sts.h"

namespace tidemark::aws {

// A role to try, and with what.
struct RoleTrial {
  std::string role_arn;
  std::string external_id;
  absl::Time deadline;                          // wall clock
  absl::Duration call_time = absl::Seconds(5);  // of each call of STS, at most
};

// Assumes a role anew, for a quarter of an hour, to find out whether that is possible now; what is
// remembered of it elsewhere plays no part. `sts` signs with the base credentials. Calls back once,
// soon after the deadline at the latest:
//   FAILED_PRECONDITION ROLE_NOT_USABLE (action `sts:AssumeRole`)  it does not exist, does not
//   trust
//                                       the base credentials with that external id, or is no role
//   UNAVAILABLE SERVICE_UNAVAILABLE (service `sts`)  STS does not answer, or refuses the base
//                                       credentials
//   DEADLINE_EXCEEDED DEADLINE_EXCEEDED
void TryRole(const StsClient& sts, RoleTrial trial,
             std::function<void(absl::StatusOr<std::shared_ptr<CredentialsProvider>>)> done);

}  // namespace tidemark::aws
