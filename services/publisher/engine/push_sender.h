#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "services/publisher/domain/push.h"

namespace tidemark::publisher {

// Sends pushes to devices. Safe for concurrent use. Callbacks run once, on any thread, perhaps
// before the call returns, and must not block.
class PushSender {
 public:
  virtual ~PushSender() = default;

  struct Answer {
    PushEnd end = PushEnd::kSent;
    std::string error;  // SNS's words, without secrets; empty if it was sent
  };
  using Sent = std::function<void(Answer)>;
  // `message` as PushMessageOf makes it. The texts are needed only during the call.
  virtual void Send(const PushPool& pool, std::string_view endpoint_arn, std::string_view message,
                    Sent done) = 0;
};

}  // namespace tidemark::publisher
