#include "services/publisher/rpc/grpc_push_targets.h"

#include <optional>
#include <string>
#include <utility>

#include "common/rpc/channel.h"
#include "common/rpc/status.h"

namespace tidemark::publisher {
namespace {

namespace push_wire = push::v1;

constexpr absl::Duration kPushCallTime = absl::Seconds(5);

// A call under way; it lives until its answer has come.
template <typename Request, typename Response>
struct PushCall {
  std::shared_ptr<push_wire::PushTargetService::Stub> stub;
  grpc::ClientContext context;
  Request request;
  Response response;
};

template <typename Request, typename Response>
auto MakePushCall(std::shared_ptr<push_wire::PushTargetService::Stub> stub, Random& random) {
  auto call = std::make_shared<PushCall<Request, Response>>();
  call->stub = std::move(stub);
  rpc::SetTimeout(call->context, kPushCallTime);
  rpc::ActAsService("tidemark-publisher", random, call->context);
  return call;
}

std::optional<PushPlatform> PlatformOf(push_wire::Platform platform) {
  switch (platform) {
    case push_wire::PLATFORM_APNS:
      return PushPlatform::kApns;
    case push_wire::PLATFORM_APNS_SANDBOX:
      return PushPlatform::kApnsSandbox;
    case push_wire::PLATFORM_GCM:
      return PushPlatform::kGcm;
    case push_wire::PLATFORM_ADM:
      return PushPlatform::kAdm;
    default:
      return std::nullopt;
  }
}

// Devices of platforms that this version does not know are left out.
std::vector<PushTarget> TargetsOf(const push_wire::DatasetTargets& dataset) {
  std::vector<PushTarget> targets;
  targets.reserve(static_cast<std::size_t>(dataset.targets_size()));
  for (const push_wire::Target& target : dataset.targets()) {
    const auto platform = PlatformOf(target.platform());
    if (!platform) continue;
    targets.push_back(
        {target.device_id(), *platform, target.endpoint_arn(), target.registration()});
  }
  return targets;
}

}  // namespace

std::vector<PushPool> PushPoolsOf(const pools::PoolSnapshot& pools) {
  std::vector<PushPool> with_push;
  for (const pools::PoolPtr& pool : pools.pools()) {
    if (pool->push().application_arns().empty()) continue;
    with_push.push_back({pool->pool_number(), pool->identity_pool_id(), pool->push().role_arn(),
                         pool->role_external_id()});
  }
  return with_push;
}

GrpcPushTargets::GrpcPushTargets(const std::shared_ptr<grpc::Channel>& push, Random& random)
    : stub_(push_wire::PushTargetService::NewStub(push)), random_(random) {}

void GrpcPushTargets::Find(const std::vector<Dataset>& datasets, Found done) {
  auto call = MakePushCall<push_wire::ResolveTargetsRequest, push_wire::ResolveTargetsResponse>(
      stub_, random_);
  for (const Dataset& dataset : datasets) {
    push_wire::ChangedDataset& changed = *call->request.add_datasets();
    changed.set_identity_pool_id(dataset.pool_id);
    changed.set_identity_id(dataset.identity_id);
    changed.set_dataset_name(dataset.dataset_name);
    changed.set_writer_device_id(dataset.writer);
  }
  call->stub->async()->ResolveTargets(
      &call->context, &call->request, &call->response,
      [call, done = std::move(done)](const grpc::Status& status) {
        if (!status.ok()) return done(rpc::FromGrpc(status));
        std::vector<std::vector<PushTarget>> targets;
        targets.reserve(static_cast<std::size_t>(call->response.datasets_size()));
        for (const push_wire::DatasetTargets& dataset : call->response.datasets()) {
          targets.push_back(TargetsOf(dataset));
        }
        done(std::move(targets));
      });
}

void GrpcPushTargets::Tell(const std::vector<Report>& reports, Told done) {
  auto call = MakePushCall<push_wire::ReportEndpointsRequest, push_wire::ReportEndpointsResponse>(
      stub_, random_);
  for (const Report& report : reports) {
    push_wire::EndpointReport& told = *call->request.add_reports();
    told.set_identity_pool_id(report.pool_id);
    told.set_identity_id(report.identity_id);
    told.set_device_id(report.device_id);
    told.set_registration(report.registration);
    told.set_state(report.gone ? push_wire::ENDPOINT_STATE_GONE
                               : push_wire::ENDPOINT_STATE_DISABLED);
  }
  call->stub->async()->ReportEndpoints(
      &call->context, &call->request, &call->response,
      [call, done = std::move(done)](const grpc::Status& status) { done(rpc::FromGrpc(status)); });
}

}  // namespace tidemark::publisher
