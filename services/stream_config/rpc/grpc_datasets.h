#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "common/base/random.h"
#include "services/stream_config/rpc/datasets.h"
#include "tidemark/dataset/v1/admin_service.grpc.pb.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"

namespace tidemark::stream_config {

// The dataset service behind a channel.
class GrpcDatasets final : public Datasets {
 public:
  // `random` outlives the object.
  GrpcDatasets(const std::shared_ptr<grpc::Channel>& channel, Random& random);

  absl::StatusOr<Position> EndPosition(const rpc::Call& call) override;
  absl::Status CheckEmpty(const rpc::Call& call, const std::string& pool_id) override;
  absl::Status Purge(const std::string& pool_id, absl::Time deadline) override;

 private:
  absl::Status PurgePool(grpc::ClientContext& context, const std::string& pool_id, bool force);

  Random& random_;
  const std::unique_ptr<dataset::v1::ChangeLogService::StubInterface> change_log_;
  const std::unique_ptr<dataset::v1::DatasetAdminService::StubInterface> admin_;
};

}  // namespace tidemark::stream_config
