#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/rpc/call.h"

namespace tidemark::stream_config {

// What a publisher would write to, and how.
struct StreamToCheck {
  std::string stream_name;
  std::string role_arn;
  std::string external_id;

  friend bool operator==(const StreamToCheck&, const StreamToCheck&) = default;
};

// What is asked of the publishers, who alone talk to AWS. Safe for concurrent use.
class Publishers {
 public:
  virtual ~Publishers() = default;

  // Whether the stream could be written. Does not wait: calls `done` once, from any thread, perhaps
  // before it returns. STREAM_NOT_FOUND, STREAM_NOT_ACTIVE, ROLE_NOT_USABLE; SERVICE_UNAVAILABLE if
  // nobody can tell. `call` must stay until then.
  virtual void CheckStream(const rpc::Call& call, const StreamToCheck& stream,
                           std::function<void(const absl::Status&)> done) = 0;
};

}  // namespace tidemark::stream_config
