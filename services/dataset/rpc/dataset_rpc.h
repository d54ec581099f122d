#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/config/keyring.h"
#include "common/rpc/calls.h"
#include "services/dataset/rpc/pools.h"
#include "services/dataset/rpc/session_token.h"
#include "services/dataset/rpc/sessions.h"
#include "services/dataset/store/delete_sink.h"
#include "services/dataset/store/store.h"
#include "services/dataset/store/update_sink.h"
#include "services/dataset/trigger/sync_trigger.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"

namespace tidemark::dataset {

// What the RPC services of this process work on. All of it outlives them.
struct Backend {
  UpdateSink& updates;
  DeleteSink& deletions;
  ReadStore& reads;
  SyncTrigger& trigger;
  AdminStore& admin;       // used on `admin_thread` alone
  Executor& admin_thread;  // has one thread
  const Pools& pools;
  SessionCounter& sessions;
  const Clock& clock;
  Random& random;
  config::Keyring keyring;
  std::string account_id;  // stands for developers as writers
};

// The sync API: see dataset_service.proto. Parses, asks, answers; the rules are the domain's.
class DatasetRpc final : public v1::DatasetService::CallbackService {
 public:
  DatasetRpc(const Backend& backend, const rpc::Calls::Options& options,
             prometheus::Registry& registry);

  grpc::ServerUnaryReactor* ListDatasets(grpc::CallbackServerContext* context,
                                         const v1::ListDatasetsRequest* request,
                                         v1::ListDatasetsResponse* response) override;
  grpc::ServerUnaryReactor* DescribeDataset(grpc::CallbackServerContext* context,
                                            const v1::DescribeDatasetRequest* request,
                                            v1::DescribeDatasetResponse* response) override;
  grpc::ServerUnaryReactor* DeleteDataset(grpc::CallbackServerContext* context,
                                          const v1::DeleteDatasetRequest* request,
                                          v1::DeleteDatasetResponse* response) override;
  grpc::ServerUnaryReactor* ListRecords(grpc::CallbackServerContext* context,
                                        const v1::ListRecordsRequest* request,
                                        v1::ListRecordsResponse* response) override;
  grpc::ServerUnaryReactor* UpdateRecords(grpc::CallbackServerContext* context,
                                          const v1::UpdateRecordsRequest* request,
                                          v1::UpdateRecordsResponse* response) override;
  grpc::ServerUnaryReactor* DescribeIdentityUsage(
      grpc::CallbackServerContext* context, const v1::DescribeIdentityUsageRequest* request,
      v1::DescribeIdentityUsageResponse* response) override;
  grpc::ServerUnaryReactor* DescribeIdentityPoolUsage(
      grpc::CallbackServerContext* context, const v1::DescribeIdentityPoolUsageRequest* request,
      v1::DescribeIdentityPoolUsageResponse* response) override;
  grpc::ServerUnaryReactor* ListIdentityPoolUsage(
      grpc::CallbackServerContext* context, const v1::ListIdentityPoolUsageRequest* request,
      v1::ListIdentityPoolUsageResponse* response) override;

 private:
  // The bodies: each answers by `done` once, or returns an error instead.
  absl::Status BeginListDatasets(const rpc::Call& call, const v1::ListDatasetsRequest& request,
                                 v1::ListDatasetsResponse& response, const rpc::Done& done);
  absl::Status BeginListRecords(const rpc::Call& call, const v1::ListRecordsRequest& request,
                                v1::ListRecordsResponse& response, const rpc::Done& done);
  absl::Status BeginUpdateRecords(const rpc::Call& call, const v1::UpdateRecordsRequest& request,
                                  v1::UpdateRecordsResponse& response, const rpc::Done& done);
  absl::Status BeginDescribeDataset(const rpc::Call& call,
                                    const v1::DescribeDatasetRequest& request,
                                    v1::DescribeDatasetResponse& response, const rpc::Done& done);
  absl::Status BeginDelete(const rpc::Call& call, const v1::DeleteDatasetRequest& request,
                           v1::DeleteDatasetResponse& response, const rpc::Done& done);
  absl::Status BeginDescribeIdentity(const rpc::Call& call,
                                     const v1::DescribeIdentityUsageRequest& request,
                                     v1::DescribeIdentityUsageResponse& response,
                                     const rpc::Done& done);
  absl::Status BeginDescribePool(const rpc::Call& call,
                                 const v1::DescribeIdentityPoolUsageRequest& request,
                                 v1::DescribeIdentityPoolUsageResponse& response,
                                 const rpc::Done& done);
  absl::Status ListPools(const rpc::Call& call, const v1::ListIdentityPoolUsageRequest& request,
                         v1::ListIdentityPoolUsageResponse& response);

  template <typename Request, typename Response>
  using AsyncBody = absl::Status (DatasetRpc::*)(const rpc::Call&, const Request&, Response&,
                                                 const rpc::Done&);
  template <typename Request, typename Response>
  using BlockingBody = absl::Status (DatasetRpc::*)(const rpc::Call&, const Request&, Response&);

  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Async(grpc::CallbackServerContext* context, std::string_view method,
                                  const Request* request, Response* response,
                                  AsyncBody<Request, Response> body);
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Blocking(grpc::CallbackServerContext* context, std::string_view method,
                                     const Request* request, Response* response,
                                     BlockingBody<Request, Response> body);

  // Has `update` applied, through the function `trigger` unless that is empty, and answers with its
  // records.
  void SubmitUpdate(const rpc::Call& call, UpdateRequest update, const std::string& trigger,
                    v1::UpdateRecordsResponse& response, const rpc::Done& done);

  Backend backend_;
  SessionTokens tokens_;
  rpc::Calls calls_;
};

}  // namespace tidemark::dataset
