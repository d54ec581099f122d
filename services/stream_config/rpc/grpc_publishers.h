#pragma once

#include <memory>

#include "common/base/random.h"
#include "common/rpc/client.h"
#include "services/stream_config/rpc/publishers.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"

namespace tidemark::stream_config {

// The publishers behind a channel. Going, it ends what is under way.
class GrpcPublishers final : public Publishers {
 public:
  // `random` outlives the object.
  GrpcPublishers(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  void CheckStream(const rpc::Call& call, const StreamToCheck& stream,
                   std::function<void(const absl::Status&)> done) override;

 private:
  using Client = rpc::Client<publisher::v1::PublisherService>;

  Random& random_;
  Client client_;
};

}  // namespace tidemark::stream_config
