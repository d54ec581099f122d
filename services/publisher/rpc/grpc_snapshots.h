#pragma once

#include <memory>

#include "common/base/random.h"
#include "common/rpc/client.h"
#include "services/publisher/engine/snapshots.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"

namespace tidemark::publisher {

// The most that a page of datasets may have in bytes; one dataset may have 16 MiB of keys and
// values. For the channel to the dataset service.
inline constexpr std::int64_t kSnapshotMessageBytes = std::int64_t{64} << 20;

// Reads datasets from the dataset service by gRPC. Going, it ends what is under way.
class GrpcSnapshots final : public Snapshots {
 public:
  // `random` outlives the object.
  GrpcSnapshots(const std::shared_ptr<grpc::Channel>& dataset, Random& random);

  void Read(const std::string& pool_id, const std::vector<LogShard>& shards,
            const SnapshotPlace& after, std::int64_t max_bytes,
            std::function<void(absl::StatusOr<Page>)> done) override;
  void Get(const std::string& pool_id, const std::vector<DatasetName>& datasets,
           std::function<void(absl::StatusOr<Found>)> done) override;
  void Count(const std::string& pool_id,
             std::function<void(absl::StatusOr<std::int64_t>)> done) override;

 private:
  using Client = rpc::Client<dataset::v1::ChangeLogService>;

  Random& random_;
  Client client_;
};

}  // namespace tidemark::publisher
