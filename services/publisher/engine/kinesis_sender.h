#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/aws/kinesis.h"
#include "services/publisher/engine/stream_sender.h"

namespace tidemark::publisher {

// Sends to Amazon Kinesis Data Streams.
class KinesisSender final : public StreamSender {
 public:
  // A request that takes longer than `timeout` counts as failed, though it may have arrived.
  KinesisSender(aws::KinesisClient client, absl::Duration timeout);

  void Send(const std::string& stream, std::span<const DeliveryWindow::Record> records,
            std::string_view traceparent, Sent done) override;
  void Look(const std::string& stream, Looked done) override;

 private:
  const aws::KinesisClient client_;
  const aws::HttpTimeouts timeouts_;
};

// What the answer to PutRecords says, by what is to be done (aws-endpoints section 5).
SendResult ToSendResult(const aws::PutRecordsResult& result);

}  // namespace tidemark::publisher
