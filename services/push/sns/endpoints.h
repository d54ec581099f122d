#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tidemark::push {

// As whom SNS is asked for a pool.
struct Access {
  std::string role_arn;     // empty: with this installation's own credentials
  std::string external_id;  // the pool's
};

// The endpoint that a device is to have.
struct WantedEndpoint {
  Access access;
  std::string application_arn;
  std::string token;      // never told to anybody but SNS
  std::string user_data;  // what an operator sees at the endpoint
  std::string known_arn;  // the endpoint that the device had in this application; empty: none
};

// The devices' endpoints. Safe for concurrent use. Each method calls back once, on any thread,
// perhaps before it returns, soon after `deadline` (wall clock) at the latest. Failures:
//   FAILED_PRECONDITION ROLE_NOT_USABLE
//   FAILED_PRECONDITION PLATFORM_APPLICATION_NOT_USABLE
//   INVALID_ARGUMENT INVALID_FIELD    SNS refuses the token
//   UNAVAILABLE SERVICE_UNAVAILABLE   SNS or STS does not answer, or throttles, or takes none of
//   our
//                                     own credentials; with RetryInfo
//   DEADLINE_EXCEEDED DEADLINE_EXCEEDED
class Endpoints {
 public:
  virtual ~Endpoints() = default;

  // Makes the endpoint, or makes one that is there as wanted: with the token, enabled. May be
  // repeated. The endpoint's ARN.
  virtual void Ensure(WantedEndpoint wanted, absl::Time deadline,
                      std::function<void(absl::StatusOr<std::string>)> done) = 0;

  // One that is not there is no error.
  virtual void Delete(const Access& access, const std::string& endpoint_arn, absl::Time deadline,
                      std::function<void(absl::Status)> done) = 0;

  // Whether endpoints could be made: assumes the role anew and looks at the applications, as far as
  // it may. Changes nothing.
  virtual void Check(const Access& access, const std::vector<std::string>& application_arns,
                     absl::Time deadline, std::function<void(absl::Status)> done) = 0;
};

}  // namespace tidemark::push
