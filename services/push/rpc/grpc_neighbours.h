#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "common/base/random.h"
#include "common/rpc/client.h"
#include "services/push/rpc/neighbours.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::push {

// The dataset service behind a channel. Going, it ends what is under way.
class GrpcDatasets final : public Datasets {
 public:
  // `random` outlives the object.
  GrpcDatasets(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  void Require(const rpc::Call& call, const IdentityKey& identity, const std::string& dataset_name,
               std::function<void(absl::Status)> done) override;

 private:
  using Client = rpc::Client<dataset::v1::DatasetService>;

  Random& random_;
  Client client_;
};

// The stream configuration service behind a channel.
class GrpcPoolList final : public PoolList {
 public:
  // `random` outlives the object.
  GrpcPoolList(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  absl::StatusOr<bool> Exists(const std::string& pool_id, absl::Time deadline) override;

 private:
  Random& random_;
  const std::unique_ptr<stream_config::v1::StreamConfigService::Stub> stub_;
};

}  // namespace tidemark::push
