#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "common/base/random.h"
#include "common/pools/pool_directory.h"
#include "services/publisher/domain/push.h"
#include "services/publisher/engine/push_targets.h"
#include "tidemark/push/v1/push_service.grpc.pb.h"

namespace tidemark::publisher {

// The pools that have push settings.
std::vector<PushPool> PushPoolsOf(const pools::PoolSnapshot& pools);

// Asks the push service by gRPC.
class GrpcPushTargets final : public PushTargets {
 public:
  // `random` outlives the object, and calls that are on their way.
  GrpcPushTargets(const std::shared_ptr<grpc::Channel>& push, Random& random);

  void Find(const std::vector<Dataset>& datasets, Found done) override;
  void Tell(const std::vector<Report>& reports, Told done) override;

 private:
  // Shared with calls that are on their way.
  const std::shared_ptr<push::v1::PushTargetService::Stub> stub_;
  Random& random_;
};

}  // namespace tidemark::publisher
