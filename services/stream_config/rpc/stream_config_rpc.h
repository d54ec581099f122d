#pragma once

#include <grpcpp/grpcpp.h>
#include <prometheus/registry.h>

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/config/keyring.h"
#include "common/rpc/calls.h"
#include "services/stream_config/domain/change.h"
#include "services/stream_config/rpc/bulk_publish_rpc.h"
#include "services/stream_config/rpc/checked_calls.h"
#include "services/stream_config/rpc/datasets.h"
#include "services/stream_config/rpc/pool_writer.h"
#include "services/stream_config/rpc/publishers.h"
#include "services/stream_config/rpc/push_services.h"
#include "services/stream_config/store/pool_feed.h"
#include "services/stream_config/store/store.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::stream_config {

// What the RPC service works on. All of it outlives the service.
struct Backend {
  PoolStore& store;
  PoolFeed& feed;
  Datasets& datasets;
  Publishers* publishers;       // null: streams are enabled unchecked
  PushServices* push_services;  // null: push settings are set unchecked
  Executor& executor;
  // Of calls that may wait for the dataset service: they hold up no other.
  Executor& dataset_executor;
  const Clock& clock;
  Random& random;
  config::Keyring keyring;
  std::string region;  // of the ids that are made up, and of what settings name
};

// See stream_config_service.proto. Parses, asks the domain, stores, answers.
class StreamConfigRpc final : public v1::StreamConfigService::CallbackService {
 public:
  StreamConfigRpc(const Backend& backend, const rpc::Calls::Options& options,
                  prometheus::Registry& registry);

  grpc::ServerUnaryReactor* CreatePool(grpc::CallbackServerContext* context,
                                       const v1::CreatePoolRequest* request,
                                       v1::CreatePoolResponse* response) override;
  grpc::ServerUnaryReactor* GetPool(grpc::CallbackServerContext* context,
                                    const v1::GetPoolRequest* request,
                                    v1::GetPoolResponse* response) override;
  grpc::ServerUnaryReactor* ListPools(grpc::CallbackServerContext* context,
                                      const v1::ListPoolsRequest* request,
                                      v1::ListPoolsResponse* response) override;
  grpc::ServerUnaryReactor* UpdatePool(grpc::CallbackServerContext* context,
                                       const v1::UpdatePoolRequest* request,
                                       v1::UpdatePoolResponse* response) override;
  grpc::ServerUnaryReactor* DeletePool(grpc::CallbackServerContext* context,
                                       const v1::DeletePoolRequest* request,
                                       v1::DeletePoolResponse* response) override;
  grpc::ServerUnaryReactor* DisableStream(grpc::CallbackServerContext* context,
                                          const v1::DisableStreamRequest* request,
                                          v1::DisableStreamResponse* response) override;
  grpc::ServerUnaryReactor* StartBulkPublish(grpc::CallbackServerContext* context,
                                             const v1::StartBulkPublishRequest* request,
                                             v1::StartBulkPublishResponse* response) override;
  grpc::ServerUnaryReactor* GetBulkPublish(grpc::CallbackServerContext* context,
                                           const v1::GetBulkPublishRequest* request,
                                           v1::GetBulkPublishResponse* response) override;
  grpc::ServerUnaryReactor* ReportBulkPublish(grpc::CallbackServerContext* context,
                                              const v1::ReportBulkPublishRequest* request,
                                              v1::ReportBulkPublishResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchPoolsResponse>* WatchPools(
      grpc::CallbackServerContext* context, const v1::WatchPoolsRequest* request) override;

 private:
  // What a pool gets that it does not bring along. Made once for each call.
  struct NewIds {
    std::string pool_id;
    std::string external_id;
  };

  // The bodies of the methods. Those with `checks` may run several times for one call.
  absl::Status Create(const rpc::Call& call, const NewIds& ids,
                      const v1::CreatePoolRequest& request, v1::CreatePoolResponse& response,
                      Checks& checks);
  absl::Status Get(const rpc::Call& call, const v1::GetPoolRequest& request,
                   v1::GetPoolResponse& response);
  absl::Status List(const rpc::Call& call, const v1::ListPoolsRequest& request,
                    v1::ListPoolsResponse& response);
  absl::Status Update(const rpc::Call& call, const v1::UpdatePoolRequest& request,
                      v1::UpdatePoolResponse& response, Checks& checks);
  absl::Status Delete(const rpc::Call& call, const v1::DeletePoolRequest& request,
                      v1::DeletePoolResponse& response);
  absl::Status Disable(const rpc::Call& call, const v1::DisableStreamRequest& request,
                       v1::DisableStreamResponse& response);

  // Runs a body of `bodies` on an executor, for developers only.
  template <typename Bodies, typename Request, typename Response>
  grpc::ServerUnaryReactor* Run(Executor& executor, grpc::CallbackServerContext* context,
                                std::string_view method, const Request* request, Response* response,
                                Bodies& bodies,
                                absl::Status (Bodies::*body)(const rpc::Call&, const Request&,
                                                             Response&));
  // The same for a body that may want something checked; no thread waits for that.
  grpc::ServerUnaryReactor* RunChecked(Executor& executor, grpc::CallbackServerContext* context,
                                       std::string_view method,
                                       const google::protobuf::Message* request,
                                       const google::protobuf::Message* response,
                                       std::function<absl::Status(const rpc::Call&, Checks&)> body);

  // `pool` with `change`, to be stored; nothing if that is how it is.
  absl::StatusOr<std::optional<Pool>> Change(const rpc::Call& call, const Pool& pool,
                                             const SettingsChange& change, std::string_view parent,
                                             Checks& checks);
  NewIds MakeIds();

  Backend backend_;
  PoolWriter writer_;
  BulkPublishRpc bulk_;
  CheckedCalls checked_;
  rpc::Calls calls_;
};

}  // namespace tidemark::stream_config
