#pragma once

#include <string>

#include "common/base/executor.h"
#include "common/errors/violations.h"
#include "common/rpc/calls.h"
#include "services/dataset/rpc/pools.h"
#include "services/dataset/store/log_upkeep.h"
#include "services/dataset/store/snapshots.h"
#include "services/dataset/store/store.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"

namespace tidemark::dataset {

// The change log for the services that follow it: see change_log_service.proto.
class ChangeLogRpc final : public v1::ChangeLogService::CallbackService {
 public:
  // All outlive the object.
  struct Parts {
    ReadStore& reads;
    LogUpkeep& upkeep;
    Executor& upkeep_thread;  // one thread, which alone uses `upkeep`
    const Pools& pools;
    SnapshotStore& snapshots;    // safe for as many threads as these
    Executor& snapshot_threads;  // of their own: a page takes long
  };
  ChangeLogRpc(const Parts& parts, const rpc::Calls::Options& options,
               prometheus::Registry& registry);

  grpc::ServerUnaryReactor* GetEndPosition(grpc::CallbackServerContext* context,
                                           const v1::GetEndPositionRequest* request,
                                           v1::GetEndPositionResponse* response) override;
  grpc::ServerUnaryReactor* ReportLowMark(grpc::CallbackServerContext* context,
                                          const v1::ReportLowMarkRequest* request,
                                          v1::ReportLowMarkResponse* response) override;
  grpc::ServerUnaryReactor* DescribeChangeLog(grpc::CallbackServerContext* context,
                                              const v1::DescribeChangeLogRequest* request,
                                              v1::DescribeChangeLogResponse* response) override;
  grpc::ServerUnaryReactor* ReadSnapshots(grpc::CallbackServerContext* context,
                                          const v1::ReadSnapshotsRequest* request,
                                          v1::ReadSnapshotsResponse* response) override;
  grpc::ServerUnaryReactor* GetSnapshots(grpc::CallbackServerContext* context,
                                         const v1::GetSnapshotsRequest* request,
                                         v1::GetSnapshotsResponse* response) override;
  grpc::ServerUnaryReactor* CountSnapshots(grpc::CallbackServerContext* context,
                                           const v1::CountSnapshotsRequest* request,
                                           v1::CountSnapshotsResponse* response) override;

 private:
  absl::Status Read(const rpc::Call& call, const v1::ReadSnapshotsRequest& request,
                    v1::ReadSnapshotsResponse& response);
  absl::Status Get(const rpc::Call& call, const v1::GetSnapshotsRequest& request,
                   v1::GetSnapshotsResponse& response);
  absl::Status Count(const rpc::Call& call, const v1::CountSnapshotsRequest& request,
                     v1::CountSnapshotsResponse& response);
  // That the caller may read datasets of the pool, and that it exists.
  absl::Status CheckPool(const rpc::Call& call, const std::string& pool_id,
                         const errors::Violations& violations) const;

  const Parts parts_;
  rpc::Calls calls_;
};

}  // namespace tidemark::dataset
