#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/executor.h"
#include "common/rpc/status.h"
#include "common/testing/settable_clock.h"
#include "services/push/rpc/push_rpc.h"
#include "services/push/rpc/target_rpc.h"
#include "services/push/rpc/testing/fakes.h"
#include "services/push/store/memory_store.h"

namespace tidemark::push {

// Both services over a memory store, called through gRPC. The pool kPool has push for GCM and APNS,
// kBare has none.
class PushRpcTest : public ::testing::Test {
 protected:
  static constexpr const char* kPool = "us-east-1:0a";
  static constexpr const char* kBare = "us-east-1:0b";
  static constexpr const char* kIdentity = "us-east-1:1a";
  static constexpr const char* kOther = "us-east-1:1b";
  static constexpr const char* kGcm = "arn:aws:sns:us-east-1:123456789012:app/GCM/app";
  static constexpr const char* kApns = "arn:aws:sns:us-east-1:123456789012:app/APNS/app";
  static constexpr const char* kRole = "arn:aws:iam::123456789012:role/push";
  static constexpr const char* kExternalId = "0123456789abcdef0123456789abcdef";

  PushRpcTest() {
    directory_.Replace({PoolOf(kPool, {kGcm, kApns}), PoolOf(kBare, {})});
    grpc::ServerBuilder builder;
    builder.RegisterService(&push_);
    builder.RegisterService(&targets_);
    server_ = builder.BuildAndStart();
    push_stub_ = v1::PushService::NewStub(server_->InProcessChannel({}));
    target_stub_ = v1::PushTargetService::NewStub(server_->InProcessChannel({}));
  }

  static stream_config::v1::Pool PoolOf(const std::string& id,
                                        const std::vector<std::string>& application_arns) {
    stream_config::v1::Pool pool;
    pool.set_identity_pool_id(id);
    pool.set_pool_number(id == kPool ? 1 : 2);
    pool.set_role_external_id(kExternalId);
    if (!application_arns.empty()) pool.mutable_push()->set_role_arn(kRole);
    for (const std::string& arn : application_arns) pool.mutable_push()->add_application_arns(arn);
    return pool;
  }

  // Calls `method` of a stub as `principal_`, an identity, or as a developer if that is empty.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.AddMetadata("x-tidemark-caller", principal_.empty() ? "developer" : "identity");
    if (!principal_.empty()) context.AddMetadata("x-tidemark-principal", principal_);
    Response response;
    const absl::Status status = rpc::FromGrpc((stub.*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  using Push = v1::PushService::Stub;
  using Targets = v1::PushTargetService::Stub;

  absl::StatusOr<std::string> Register(const std::string& token, const std::string& identity,
                                       v1::Platform platform = v1::PLATFORM_GCM,
                                       const std::string& pool = kPool) {
    v1::RegisterDeviceRequest request;
    request.set_identity_pool_id(pool);
    request.set_identity_id(identity);
    request.set_platform(platform);
    request.set_token(token);
    const auto response = Call(*push_stub_, &Push::RegisterDevice, request);
    if (!response.ok()) return response.status();
    return response->device_id();
  }
  absl::StatusOr<std::string> Register(const std::string& token = "token") {
    return Register(token, kIdentity);
  }

  // A request about a device of kIdentity.
  template <typename Request>
  static Request Of(const std::string& device_id, const std::string& dataset_name = "") {
    Request request;
    request.set_identity_pool_id(kPool);
    request.set_identity_id(kIdentity);
    request.set_device_id(device_id);
    if constexpr (requires { request.set_dataset_name(dataset_name); }) {
      request.set_dataset_name(dataset_name);
    }
    return request;
  }
  absl::Status Subscribe(const std::string& device_id, const std::string& dataset = "notes") {
    const auto request = Of<v1::SubscribeToDatasetRequest>(device_id, dataset);
    return Call(*push_stub_, &Push::SubscribeToDataset, request).status();
  }
  absl::Status Unsubscribe(const std::string& device_id, const std::string& dataset = "notes") {
    const auto request = Of<v1::UnsubscribeFromDatasetRequest>(device_id, dataset);
    return Call(*push_stub_, &Push::UnsubscribeFromDataset, request).status();
  }
  absl::Status SubscribeToAll(const std::string& device_id) {
    const auto request = Of<v1::SubscribeToAllRequest>(device_id);
    return Call(*push_stub_, &Push::SubscribeToAll, request).status();
  }
  absl::Status Deregister(const std::string& device_id) {
    const auto request = Of<v1::DeregisterDeviceRequest>(device_id);
    return Call(*push_stub_, &Push::DeregisterDevice, request).status();
  }
  absl::StatusOr<v1::ListDevicesResponse> List(const std::string& identity = kIdentity,
                                               const std::string& pool = kPool) {
    v1::ListDevicesRequest request;
    request.set_identity_pool_id(pool);
    request.set_identity_id(identity);
    return Call(*push_stub_, &Push::ListDevices, request);
  }

  static void AddChange(v1::ResolveTargetsRequest& request, const std::string& identity,
                        const std::string& dataset = "notes", const std::string& writer = "",
                        const std::string& pool = kPool) {
    v1::ChangedDataset& change = *request.add_datasets();
    change.set_identity_pool_id(pool);
    change.set_identity_id(identity);
    change.set_dataset_name(dataset);
    change.set_writer_device_id(writer);
  }
  auto Resolve(const v1::ResolveTargetsRequest& request) {
    return Call(*target_stub_, &Targets::ResolveTargets, request);
  }
  auto Report(const v1::ReportEndpointsRequest& request) {
    return Call(*target_stub_, &Targets::ReportEndpoints, request);
  }
  auto Check(const v1::CheckSettingsRequest& request) {
    return Call(*target_stub_, &Targets::CheckSettings, request);
  }

  std::string principal_ = kIdentity;
  prometheus::Registry registry_;
  MemoryStore store_;
  FakeEndpoints endpoints_;
  FakeDatasets datasets_;
  pools::PoolDirectory directory_;
  testing::SettableClock clock_;
  Executor executor_{2, 100};
  const Backend backend_{store_, store_, executor_, endpoints_, datasets_, directory_, clock_};
  PushRpc push_{backend_, {.service = "push"}, registry_};
  PushTargetRpc targets_{backend_, {.service = "push"}, registry_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Push> push_stub_;
  std::unique_ptr<Targets> target_stub_;
};

}  // namespace tidemark::push
