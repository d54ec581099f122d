#include "services/push/rpc/push_rpc.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/pools/require_pool.h"
#include "services/push/domain/applications.h"
#include "services/push/domain/device_errors.h"
#include "services/push/rpc/convert.h"

namespace tidemark::push {

Access AccessOf(const stream_config::v1::Pool& pool) {
  return {.role_arn = pool.push().role_arn(), .external_id = pool.role_external_id()};
}

PushRpc::PushRpc(const Backend& backend, const rpc::Calls::Options& options,
                 prometheus::Registry& registry)
    : backend_(backend),
      registrar_({.reads = backend.reads,
                  .writes = backend.writes,
                  .endpoints = backend.endpoints,
                  .executor = backend.executor,
                  .clock = backend.clock},
                 registry),
      calls_(v1::PushService::service_full_name(), options, registry) {}

absl::StatusOr<pools::PoolPtr> PushRpc::RequirePush(const std::string& pool_id) const {
  TM_ASSIGN_OR_RETURN(pools::PoolPtr pool, pools::RequirePool(backend_.pools, pool_id));
  const auto& arns = pool->push().application_arns();
  TM_RETURN_IF_ERROR(RequireApplications({arns.begin(), arns.end()}, pool_id));
  return pool;
}

void PushRpc::Write(const rpc::Call& call, const rpc::Done& done,
                    std::function<absl::Status()> write) {
  const bool queued = backend_.executor.TryRun([&call, done, write = std::move(write)] {
    const absl::Status worth = rpc::Calls::WorthRunning(call);
    done(worth.ok() ? write() : worth);
  });
  if (!queued) done(rpc::Calls::ExecutorFull());
}

absl::Status PushRpc::BeginRegister(const rpc::Call& call, const v1::RegisterDeviceRequest& request,
                                    v1::RegisterDeviceResponse& response, const rpc::Done& done) {
  errors::Violations violations;
  Candidate candidate{.identity = ParseIdentity(request, violations),
                      .platform = ParsePlatform("platform", request.platform(), violations),
                      .token = request.token()};
  CheckToken("token", candidate.platform, request.token(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireIdentity(call, candidate.identity.identity_id));
  TM_ASSIGN_OR_RETURN(const pools::PoolPtr pool, RequirePush(request.identity_pool_id()));
  const auto& arns = pool->push().application_arns();
  TM_ASSIGN_OR_RETURN(
      candidate.application_arn,
      ApplicationFor(candidate.platform, {arns.begin(), arns.end()}, request.identity_pool_id()));
  candidate.access = AccessOf(*pool);
  registrar_.Register(call, std::move(candidate),
                      [&response, done](const absl::StatusOr<std::string>& device_id) {
                        if (device_id.ok()) response.set_device_id(*device_id);
                        done(device_id.status());
                      });
  return absl::OkStatus();
}

absl::Status PushRpc::BeginSubscribe(const rpc::Call& call,
                                     const v1::SubscribeToDatasetRequest& request,
                                     v1::SubscribeToDatasetResponse& /*response*/,
                                     const rpc::Done& done) {
  errors::Violations violations;
  const DeviceKey device = ParseDevice(request, violations);
  errors::CheckDatasetName("dataset_name", request.dataset_name(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireIdentity(call, device.identity.identity_id));
  TM_RETURN_IF_ERROR(RequirePush(request.identity_pool_id()).status());
  backend_.datasets.Require(
      call, device.identity, request.dataset_name(),
      [this, &call, done, device, name = request.dataset_name()](const absl::Status& found) {
        if (!found.ok()) return done(found);
        Write(call, done, [this, &call, device, name] {
          return backend_.writes.SetSubscription(device, name, true, call.deadline).status();
        });
      });
  return absl::OkStatus();
}

absl::Status PushRpc::BeginUnsubscribe(const rpc::Call& call,
                                       const v1::UnsubscribeFromDatasetRequest& request,
                                       v1::UnsubscribeFromDatasetResponse& /*response*/,
                                       const rpc::Done& done) {
  errors::Violations violations;
  const DeviceKey device = ParseDevice(request, violations);
  errors::CheckDatasetName("dataset_name", request.dataset_name(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireIdentity(call, device.identity.identity_id));
  TM_RETURN_IF_ERROR(RequirePush(request.identity_pool_id()).status());
  Write(call, done, [this, &call, device, name = request.dataset_name()]() -> absl::Status {
    TM_ASSIGN_OR_RETURN(const bool changed,
                        backend_.writes.SetSubscription(device, name, false, call.deadline));
    return changed ? absl::OkStatus() : SubscriptionNotFound(device.device_id, name);
  });
  return absl::OkStatus();
}

absl::Status PushRpc::BeginSubscribeToAll(const rpc::Call& call,
                                          const v1::SubscribeToAllRequest& request,
                                          v1::SubscribeToAllResponse& /*response*/,
                                          const rpc::Done& done) {
  errors::Violations violations;
  const DeviceKey device = ParseDevice(request, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, device.identity.identity_id));
  TM_RETURN_IF_ERROR(RequirePush(request.identity_pool_id()).status());
  Write(call, done,
        [this, &call, device] { return backend_.writes.SubscribeToAll(device, call.deadline); });
  return absl::OkStatus();
}

absl::Status PushRpc::BeginList(const rpc::Call& call, const v1::ListDevicesRequest& request,
                                v1::ListDevicesResponse& response, const rpc::Done& done) {
  errors::Violations violations;
  const IdentityKey identity = ParseIdentity(request, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, identity.identity_id));
  TM_RETURN_IF_ERROR(pools::RequirePool(backend_.pools, identity.pool_id).status());
  backend_.reads.List(identity, call.deadline,
                      [&response, done](absl::StatusOr<std::vector<Device>> devices) {
                        if (!devices.ok()) return done(devices.status());
                        for (Device& device : *devices) {
                          ToProto(std::move(device), *response.add_devices());
                        }
                        done(absl::OkStatus());
                      });
  return absl::OkStatus();
}

// The device is forgotten first: from then on nothing is sent to its endpoint, whether or not SNS
// lets go of it.
absl::Status PushRpc::BeginDeregister(const rpc::Call& call,
                                      const v1::DeregisterDeviceRequest& request,
                                      v1::DeregisterDeviceResponse& /*response*/,
                                      const rpc::Done& done) {
  errors::Violations violations;
  const DeviceKey device = ParseDevice(request, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, device.identity.identity_id));
  TM_ASSIGN_OR_RETURN(const pools::PoolPtr pool,
                      pools::RequirePool(backend_.pools, device.identity.pool_id));
  const bool queued = backend_.executor.TryRun([this, &call, done, device, pool] {
    if (const absl::Status worth = rpc::Calls::WorthRunning(call); !worth.ok()) return done(worth);
    const auto endpoint_arn = backend_.writes.Deregister(device, call.deadline);
    if (!endpoint_arn.ok()) return done(endpoint_arn.status());
    if (!pool->has_push()) return done(absl::OkStatus());
    backend_.endpoints.Delete(AccessOf(*pool), *endpoint_arn, call.deadline,
                              [done](const absl::Status&) { done(absl::OkStatus()); });
  });
  if (!queued) return rpc::Calls::ExecutorFull();
  return absl::OkStatus();
}

// gRPC's side: each method names its body.

template <typename Request, typename Response>
grpc::ServerUnaryReactor* PushRpc::Run(grpc::CallbackServerContext* context,
                                       std::string_view method, const Request* request,
                                       Response* response, Body<Request, Response> body) {
  return calls_.Unary(context, method, request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        const absl::Status begun = (this->*body)(call, *request, *response, done);
                        if (!begun.ok()) done(begun);
                      });
}

grpc::ServerUnaryReactor* PushRpc::RegisterDevice(grpc::CallbackServerContext* context,
                                                  const v1::RegisterDeviceRequest* request,
                                                  v1::RegisterDeviceResponse* response) {
  return Run(context, "RegisterDevice", request, response, &PushRpc::BeginRegister);
}

grpc::ServerUnaryReactor* PushRpc::SubscribeToDataset(grpc::CallbackServerContext* context,
                                                      const v1::SubscribeToDatasetRequest* request,
                                                      v1::SubscribeToDatasetResponse* response) {
  return Run(context, "SubscribeToDataset", request, response, &PushRpc::BeginSubscribe);
}

grpc::ServerUnaryReactor* PushRpc::UnsubscribeFromDataset(
    grpc::CallbackServerContext* context, const v1::UnsubscribeFromDatasetRequest* request,
    v1::UnsubscribeFromDatasetResponse* response) {
  return Run(context, "UnsubscribeFromDataset", request, response, &PushRpc::BeginUnsubscribe);
}

grpc::ServerUnaryReactor* PushRpc::SubscribeToAll(grpc::CallbackServerContext* context,
                                                  const v1::SubscribeToAllRequest* request,
                                                  v1::SubscribeToAllResponse* response) {
  return Run(context, "SubscribeToAll", request, response, &PushRpc::BeginSubscribeToAll);
}

grpc::ServerUnaryReactor* PushRpc::ListDevices(grpc::CallbackServerContext* context,
                                               const v1::ListDevicesRequest* request,
                                               v1::ListDevicesResponse* response) {
  return Run(context, "ListDevices", request, response, &PushRpc::BeginList);
}

grpc::ServerUnaryReactor* PushRpc::DeregisterDevice(grpc::CallbackServerContext* context,
                                                    const v1::DeregisterDeviceRequest* request,
                                                    v1::DeregisterDeviceResponse* response) {
  return Run(context, "DeregisterDevice", request, response, &PushRpc::BeginDeregister);
}

}  // namespace tidemark::push
