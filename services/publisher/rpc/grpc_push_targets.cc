#include "services/publisher/rpc/grpc_push_targets.h"

#include <optional>
#include <string>
#include <utility>

#include "services/publisher/rpc/as_publisher.h"

namespace tidemark::publisher {
namespace {

namespace push_wire = push::v1;

constexpr absl::Duration kPushCallTime = absl::Seconds(5);

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
    : random_(random), client_(push) {}

void GrpcPushTargets::Find(const std::vector<Dataset>& datasets, Found done) {
  push_wire::ResolveTargetsRequest request;
  for (const Dataset& dataset : datasets) {
    push_wire::ChangedDataset& changed = *request.add_datasets();
    changed.set_identity_pool_id(dataset.pool_id);
    changed.set_identity_id(dataset.identity_id);
    changed.set_dataset_name(dataset.dataset_name);
    changed.set_writer_device_id(dataset.writer);
  }
  client_.Begin(
      &Client::Async::ResolveTargets, std::move(request), AsPublisher(random_, kPushCallTime),
      [done = std::move(done)](const absl::StatusOr<push_wire::ResolveTargetsResponse>& response) {
        if (!response.ok()) return done(response.status());
        std::vector<std::vector<PushTarget>> targets;
        targets.reserve(static_cast<std::size_t>(response->datasets_size()));
        for (const push_wire::DatasetTargets& dataset : response->datasets()) {
          targets.push_back(TargetsOf(dataset));
        }
        done(std::move(targets));
      });
}

void GrpcPushTargets::Tell(const std::vector<Report>& reports, Told done) {
  push_wire::ReportEndpointsRequest request;
  for (const Report& report : reports) {
    push_wire::EndpointReport& told = *request.add_reports();
    told.set_identity_pool_id(report.pool_id);
    told.set_identity_id(report.identity_id);
    told.set_device_id(report.device_id);
    told.set_registration(report.registration);
    told.set_state(report.gone ? push_wire::ENDPOINT_STATE_GONE
                               : push_wire::ENDPOINT_STATE_DISABLED);
  }
  client_.Begin(
      &Client::Async::ReportEndpoints, std::move(request), AsPublisher(random_, kPushCallTime),
      [done = std::move(done)](const absl::StatusOr<push_wire::ReportEndpointsResponse>& response) {
        done(response.status());
      });
}

}  // namespace tidemark::publisher
