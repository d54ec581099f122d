#pragma once

#include <memory>

#include "common/base/random.h"
#include "common/rpc/client.h"
#include "services/stream_config/rpc/push_services.h"
#include "tidemark/push/v1/push_service.grpc.pb.h"

namespace tidemark::stream_config {

// The push services behind a channel. Going, it ends what is under way.
class GrpcPushServices final : public PushServices {
 public:
  // `random` outlives the object.
  GrpcPushServices(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  void CheckPush(const rpc::Call& call, const PushToCheck& push,
                 std::function<void(const absl::Status&)> done) override;

 private:
  using Client = rpc::Client<push::v1::PushTargetService>;

  Random& random_;
  Client client_;
};

}  // namespace tidemark::stream_config
