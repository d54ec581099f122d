#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "common/base/random.h"
#include "services/stream_config/rpc/push_services.h"
#include "tidemark/push/v1/push_service.grpc.pb.h"

namespace tidemark::stream_config {

// The push services behind a channel. Needs all calls answered before it goes.
class GrpcPushServices final : public PushServices {
 public:
  // `random` outlives the object.
  GrpcPushServices(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  void CheckPush(const rpc::Call& call, const PushToCheck& push,
                 std::function<void(const absl::Status&)> done) override;

 private:
  Random& random_;
  const std::unique_ptr<push::v1::PushTargetService::Stub> stub_;
};

}  // namespace tidemark::stream_config
