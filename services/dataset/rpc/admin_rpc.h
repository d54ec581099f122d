#pragma once

#include "common/rpc/calls.h"
#include "services/dataset/rpc/dataset_rpc.h"
#include "services/dataset/store/snapshots.h"
#include "tidemark/dataset/v1/admin_service.grpc.pb.h"

namespace tidemark::dataset {

// Administration of stored data: see admin_service.proto.
class DatasetAdminRpc final : public v1::DatasetAdminService::CallbackService {
 public:
  // Exports run on `export_thread` (one thread) with `export_store` of their own, so that they
  // delay no deletion. Both outlive the object.
  DatasetAdminRpc(const Backend& backend, SnapshotStore& export_store, Executor& export_thread,
                  const rpc::Calls::Options& options, prometheus::Registry& registry);

  grpc::ServerUnaryReactor* ListIdentities(grpc::CallbackServerContext* context,
                                           const v1::ListIdentitiesRequest* request,
                                           v1::ListIdentitiesResponse* response) override;
  grpc::ServerUnaryReactor* MergeIdentities(grpc::CallbackServerContext* context,
                                            const v1::MergeIdentitiesRequest* request,
                                            v1::MergeIdentitiesResponse* response) override;
  grpc::ServerUnaryReactor* EraseIdentity(grpc::CallbackServerContext* context,
                                          const v1::EraseIdentityRequest* request,
                                          v1::EraseIdentityResponse* response) override;
  grpc::ServerUnaryReactor* PurgePool(grpc::CallbackServerContext* context,
                                      const v1::PurgePoolRequest* request,
                                      v1::PurgePoolResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportPoolResponse>* ExportPool(
      grpc::CallbackServerContext* context, const v1::ExportPoolRequest* request) override;

 private:
  absl::Status BeginListIdentities(const rpc::Call& call, const v1::ListIdentitiesRequest& request,
                                   v1::ListIdentitiesResponse& response, const rpc::Done& done);
  absl::Status Merge(const rpc::Call& call, const v1::MergeIdentitiesRequest& request,
                     v1::MergeIdentitiesResponse& response);
  absl::Status Erase(const rpc::Call& call, const v1::EraseIdentityRequest& request,
                     v1::EraseIdentityResponse& response);
  absl::Status Purge(const rpc::Call& call, const v1::PurgePoolRequest& request,
                     v1::PurgePoolResponse& response);
  absl::Status Export(const rpc::Call& call, const v1::ExportPoolRequest& request,
                      const rpc::StreamWriter<v1::ExportPoolResponse>& writer);

  Backend backend_;
  SnapshotStore& export_store_;
  Executor& export_thread_;
  rpc::Calls calls_;
};

}  // namespace tidemark::dataset
