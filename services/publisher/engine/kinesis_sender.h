#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/aws/kinesis.h"
#include "common/aws/role_credentials.h"
#include "services/publisher/engine/stream_sender.h"

namespace tidemark::publisher {

// Sends to Amazon Kinesis Data Streams.
class KinesisSender final : public StreamSender {
 public:
  // A request that takes longer than `timeout` counts as failed, though it may have arrived.
  // `roles`: whose credentials sign; null: the client's own do, for all streams.
  KinesisSender(aws::KinesisClient client, aws::RoleCredentials* roles, absl::Duration timeout);

  void Send(const DestinationConfig& destination, std::span<const DeliveryWindow::Record> records,
            std::string_view traceparent, Sent done) override;
  void Look(const DestinationConfig& destination, Looked done) override;
  void Forget(const DestinationConfig& destination) override;

 private:
  aws::CallOptions OptionsFor(const DestinationConfig& destination) const;

  const aws::KinesisClient client_;
  aws::RoleCredentials* const roles_;
  const aws::HttpTimeouts timeouts_;
};

// What the answer to PutRecords says, by what is to be done (aws-endpoints section 5).
SendResult ToSendResult(const aws::PutRecordsResult& result);

}  // namespace tidemark::publisher
