#pragma once

#include "absl/time/time.h"
#include "common/aws/role_credentials.h"
#include "common/aws/sns.h"
#include "services/publisher/engine/push_sender.h"

namespace tidemark::publisher {

// Sends through Amazon SNS.
class SnsPushSender final : public PushSender {
 public:
  // A call that takes longer than `timeout` counts as failed, though it may have arrived. `roles`:
  // whose credentials sign for pools with a push role; null: the client's own do, for all.
  SnsPushSender(aws::SnsClient client, aws::RoleCredentials* roles, absl::Duration timeout);

  void Send(const PushPool& pool, std::string_view endpoint_arn, std::string_view message,
            Sent done) override;

 private:
  const aws::SnsClient client_;
  aws::RoleCredentials* const roles_;
  const aws::HttpTimeouts timeouts_;
};

// What Publish's error says, by what is to be done (aws-endpoints section 5).
PushEnd PushEndOf(const aws::CallError& error);

}  // namespace tidemark::publisher
