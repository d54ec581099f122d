#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/rpc/call.h"

namespace tidemark::stream_config {

// What pushes would be sent with.
struct PushToCheck {
  std::vector<std::string> application_arns;
  std::string role_arn;  // empty: the installation's own credentials
  std::string external_id;

  friend bool operator==(const PushToCheck&, const PushToCheck&) = default;
};

// What is asked of the push services, who alone know SNS. Safe for concurrent use.
class PushServices {
 public:
  virtual ~PushServices() = default;

  // Whether pushes could be sent. Does not wait: calls `done` once, from any thread, perhaps before
  // it returns. ROLE_NOT_USABLE, PLATFORM_APPLICATION_NOT_USABLE; SERVICE_UNAVAILABLE if nobody can
  // tell. `call` must stay until then.
  virtual void CheckPush(const rpc::Call& call, const PushToCheck& push,
                         std::function<void(const absl::Status&)> done) = 0;
};

}  // namespace tidemark::stream_config
