#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "common/base/random.h"
#include "services/stream_config/rpc/publishers.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"

namespace tidemark::stream_config {

// The publishers behind a channel. Needs all calls answered before it goes.
class GrpcPublishers final : public Publishers {
 public:
  // `random` outlives the object.
  GrpcPublishers(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  void CheckStream(const rpc::Call& call, const StreamToCheck& stream,
                   std::function<void(const absl::Status&)> done) override;

 private:
  Random& random_;
  const std::unique_ptr<publisher::v1::PublisherService::Stub> stub_;
};

}  // namespace tidemark::stream_config
