#include "services/push/rpc/target_rpc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/obs/metrics.h"
#include "services/push/rpc/check_settings.h"
#include "services/push/rpc/convert.h"

namespace tidemark::push {
namespace {

// A pool's devices of an application that it no longer has wait until they register anew: with the
// pool's role SNS would refuse them one by one.
bool IsServed(const pools::Pool& pool, const Target& target) {
  const auto& served = pool.push().application_arns();
  return std::find(served.begin(), served.end(), target.application_arn) != served.end();
}

}  // namespace

PushTargetRpc::PushTargetRpc(const Backend& backend, const rpc::Calls::Options& options,
                             prometheus::Registry& registry)
    : backend_(backend),
      marked_(obs::Counter(registry, "tidemark_push_endpoints_marked_total",
                           "Devices whose endpoints were reported disabled or gone.")),
      calls_(v1::PushTargetService::service_full_name(), options, registry) {}

// Only what could have targets is asked of the store.
absl::Status PushTargetRpc::BeginResolve(const rpc::Call& call,
                                         const v1::ResolveTargetsRequest& request,
                                         v1::ResolveTargetsResponse& response,
                                         const rpc::Done& done) {
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(std::vector<ChangedDataset> changes, ParseChanges(request));
  TM_RETURN_IF_ERROR(backend_.pools.Ready());
  const auto pools = backend_.pools.Snapshot();
  std::vector<std::pair<int, pools::PoolPtr>> places;
  std::vector<ChangedDataset> asked;
  for (ChangedDataset& change : changes) {
    response.add_datasets();
    const pools::PoolPtr pool = pools->Find(change.identity.pool_id);
    if (pool == nullptr || pool->push().application_arns().empty()) continue;
    places.emplace_back(response.datasets_size() - 1, pool);
    asked.push_back(std::move(change));
  }
  if (asked.empty()) {
    done(absl::OkStatus());
    return absl::OkStatus();
  }
  backend_.reads.Resolve(asked, call.deadline,
                         [&response, places = std::move(places),
                          done](absl::StatusOr<std::vector<std::vector<Target>>> targets) {
                           if (!targets.ok()) return done(targets.status());
                           for (std::size_t i = 0; i < places.size(); ++i) {
                             const auto& [place, pool] = places[i];
                             auto& dataset = *response.mutable_datasets(place);
                             for (Target& target : (*targets)[i]) {
                               if (!IsServed(*pool, target)) continue;
                               ToProto(std::move(target), *dataset.add_targets());
                             }
                           }
                           done(absl::OkStatus());
                         });
  return absl::OkStatus();
}

absl::Status PushTargetRpc::Report(const rpc::Call& call,
                                   const v1::ReportEndpointsRequest& request) {
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(const std::vector<EndpointReport> reports, ParseReports(request));
  TM_ASSIGN_OR_RETURN(const std::int64_t marked, backend_.writes.Report(reports, call.deadline));
  marked_.Increment(static_cast<double>(marked));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* PushTargetRpc::ResolveTargets(grpc::CallbackServerContext* context,
                                                        const v1::ResolveTargetsRequest* request,
                                                        v1::ResolveTargetsResponse* response) {
  return calls_.Unary(context, "ResolveTargets", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        const absl::Status begun = BeginResolve(call, *request, *response, done);
                        if (!begun.ok()) done(begun);
                      });
}

grpc::ServerUnaryReactor* PushTargetRpc::ReportEndpoints(grpc::CallbackServerContext* context,
                                                         const v1::ReportEndpointsRequest* request,
                                                         v1::ReportEndpointsResponse* response) {
  return calls_.Blocking(backend_.executor, context, "ReportEndpoints", request, response,
                         [=, this](const rpc::Call& call) { return Report(call, *request); });
}

grpc::ServerUnaryReactor* PushTargetRpc::CheckSettings(grpc::CallbackServerContext* context,
                                                       const v1::CheckSettingsRequest* request,
                                                       v1::CheckSettingsResponse* response) {
  return calls_.Unary(context, "CheckSettings", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        push::CheckSettings(backend_.endpoints, call, *request, done);
                      });
}

}  // namespace tidemark::push
