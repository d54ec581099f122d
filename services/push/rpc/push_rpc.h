#pragma once

#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/pools/pool_directory.h"
#include "common/rpc/calls.h"
#include "services/push/rpc/neighbours.h"
#include "services/push/rpc/registrar.h"
#include "services/push/sns/endpoints.h"
#include "services/push/store/store.h"
#include "tidemark/push/v1/push_service.grpc.pb.h"

namespace tidemark::push {

// What the RPC services of this process work on. All of it outlives them.
struct Backend {
  ReadStore& reads;
  WriteStore& writes;
  Executor& executor;  // for the writes
  Endpoints& endpoints;
  Datasets& datasets;
  const pools::PoolDirectory& pools;
  const Clock& clock;
};

// As whom SNS is asked for a pool.
Access AccessOf(const stream_config::v1::Pool& pool);

// Devices and subscriptions: see push_service.proto. Parses, asks, answers; the rules are the
// domain's.
class PushRpc final : public v1::PushService::CallbackService {
 public:
  PushRpc(const Backend& backend, const rpc::Calls::Options& options,
          prometheus::Registry& registry);

  grpc::ServerUnaryReactor* RegisterDevice(grpc::CallbackServerContext* context,
                                           const v1::RegisterDeviceRequest* request,
                                           v1::RegisterDeviceResponse* response) override;
  grpc::ServerUnaryReactor* SubscribeToDataset(grpc::CallbackServerContext* context,
                                               const v1::SubscribeToDatasetRequest* request,
                                               v1::SubscribeToDatasetResponse* response) override;
  grpc::ServerUnaryReactor* UnsubscribeFromDataset(
      grpc::CallbackServerContext* context, const v1::UnsubscribeFromDatasetRequest* request,
      v1::UnsubscribeFromDatasetResponse* response) override;
  grpc::ServerUnaryReactor* SubscribeToAll(grpc::CallbackServerContext* context,
                                           const v1::SubscribeToAllRequest* request,
                                           v1::SubscribeToAllResponse* response) override;
  grpc::ServerUnaryReactor* ListDevices(grpc::CallbackServerContext* context,
                                        const v1::ListDevicesRequest* request,
                                        v1::ListDevicesResponse* response) override;
  grpc::ServerUnaryReactor* DeregisterDevice(grpc::CallbackServerContext* context,
                                             const v1::DeregisterDeviceRequest* request,
                                             v1::DeregisterDeviceResponse* response) override;

 private:
  // The bodies: each answers by `done` once, or returns an error instead.
  absl::Status BeginRegister(const rpc::Call& call, const v1::RegisterDeviceRequest& request,
                             v1::RegisterDeviceResponse& response, const rpc::Done& done);
  absl::Status BeginSubscribe(const rpc::Call& call, const v1::SubscribeToDatasetRequest& request,
                              v1::SubscribeToDatasetResponse& response, const rpc::Done& done);
  absl::Status BeginUnsubscribe(const rpc::Call& call,
                                const v1::UnsubscribeFromDatasetRequest& request,
                                v1::UnsubscribeFromDatasetResponse& response,
                                const rpc::Done& done);
  absl::Status BeginSubscribeToAll(const rpc::Call& call, const v1::SubscribeToAllRequest& request,
                                   v1::SubscribeToAllResponse& response, const rpc::Done& done);
  absl::Status BeginList(const rpc::Call& call, const v1::ListDevicesRequest& request,
                         v1::ListDevicesResponse& response, const rpc::Done& done);
  absl::Status BeginDeregister(const rpc::Call& call, const v1::DeregisterDeviceRequest& request,
                               v1::DeregisterDeviceResponse& response, const rpc::Done& done);

  // The pool, which must have applications.
  absl::StatusOr<pools::PoolPtr> RequirePush(const std::string& pool_id) const;
  // Runs `write` on the executor and ends the call with its status.
  void Write(const rpc::Call& call, const rpc::Done& done, std::function<absl::Status()> write);

  template <typename Request, typename Response>
  using Body = absl::Status (PushRpc::*)(const rpc::Call&, const Request&, Response&,
                                         const rpc::Done&);
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, std::string_view method,
                                const Request* request, Response* response,
                                Body<Request, Response> body);

  const Backend backend_;
  Registrar registrar_;
  rpc::Calls calls_;
};

}  // namespace tidemark::push
