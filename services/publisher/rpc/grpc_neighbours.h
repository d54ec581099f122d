#pragma once

#include <memory>

#include "common/base/random.h"
#include "common/rpc/client.h"
#include "services/publisher/engine/neighbours.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::publisher {

// Tells the stream configuration and dataset services by gRPC. Going, it ends what is under way.
class GrpcNeighbours final : public Neighbours {
 public:
  // `random` outlives the object.
  GrpcNeighbours(const std::shared_ptr<grpc::Channel>& stream_config,
                 const std::shared_ptr<grpc::Channel>& dataset, Random& random);

  void TurnOff(const DestinationConfig& destination, const std::string& reason) override;
  void ReportLowMark(Position position) override;
  void ReportBulkPublish(const BulkReport& report) override;

 private:
  using StreamConfig = rpc::Client<stream_config::v1::StreamConfigService>;
  using ChangeLog = rpc::Client<dataset::v1::ChangeLogService>;

  Random& random_;
  StreamConfig stream_config_;
  ChangeLog dataset_;
};

}  // namespace tidemark::publisher
