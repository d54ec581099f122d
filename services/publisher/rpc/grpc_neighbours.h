#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "common/base/random.h"
#include "services/publisher/engine/neighbours.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::publisher {

// Tells the stream configuration and dataset services by gRPC.
class GrpcNeighbours final : public Neighbours {
 public:
  // `random` outlives the object, and calls that are on their way.
  GrpcNeighbours(const std::shared_ptr<grpc::Channel>& stream_config,
                 const std::shared_ptr<grpc::Channel>& dataset, Random& random);

  void TurnOff(const DestinationConfig& destination, const std::string& reason) override;
  void ReportLowMark(Position position) override;
  void ReportBulkPublish(const BulkReport& report) override;

 private:
  // Shared with calls that are on their way.
  const std::shared_ptr<stream_config::v1::StreamConfigService::Stub> stream_config_;
  const std::shared_ptr<dataset::v1::ChangeLogService::Stub> dataset_;
  Random& random_;
};

}  // namespace tidemark::publisher
