#pragma once

#include <memory>
#include <vector>

#include "common/base/random.h"
#include "common/pools/pool_directory.h"
#include "common/rpc/client.h"
#include "services/publisher/domain/push.h"
#include "services/publisher/engine/push_targets.h"
#include "tidemark/push/v1/push_service.grpc.pb.h"

namespace tidemark::publisher {

// The pools that have push settings.
std::vector<PushPool> PushPoolsOf(const pools::PoolSnapshot& pools);

// Asks the push service by gRPC. Going, it ends what is under way.
class GrpcPushTargets final : public PushTargets {
 public:
  // `random` outlives the object.
  GrpcPushTargets(const std::shared_ptr<grpc::Channel>& push, Random& random);

  void Find(const std::vector<Dataset>& datasets, Found done) override;
  void Tell(const std::vector<Report>& reports, Told done) override;

 private:
  using Client = rpc::Client<push::v1::PushTargetService>;

  Random& random_;
  Client client_;
};

}  // namespace tidemark::publisher
