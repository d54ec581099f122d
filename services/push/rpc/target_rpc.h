#pragma once

#include <prometheus/counter.h>

#include "common/rpc/calls.h"
#include "services/push/rpc/push_rpc.h"
#include "tidemark/push/v1/push_service.grpc.pb.h"

namespace tidemark::push {

// What the other services ask: see push_service.proto. Metric:
//   tidemark_push_endpoints_marked_total  devices whose endpoints were reported disabled or gone
class PushTargetRpc final : public v1::PushTargetService::CallbackService {
 public:
  PushTargetRpc(const Backend& backend, const rpc::Calls::Options& options,
                prometheus::Registry& registry);

  grpc::ServerUnaryReactor* ResolveTargets(grpc::CallbackServerContext* context,
                                           const v1::ResolveTargetsRequest* request,
                                           v1::ResolveTargetsResponse* response) override;
  grpc::ServerUnaryReactor* ReportEndpoints(grpc::CallbackServerContext* context,
                                            const v1::ReportEndpointsRequest* request,
                                            v1::ReportEndpointsResponse* response) override;
  grpc::ServerUnaryReactor* CheckSettings(grpc::CallbackServerContext* context,
                                          const v1::CheckSettingsRequest* request,
                                          v1::CheckSettingsResponse* response) override;

 private:
  absl::Status BeginResolve(const rpc::Call& call, const v1::ResolveTargetsRequest& request,
                            v1::ResolveTargetsResponse& response, const rpc::Done& done);
  absl::Status Report(const rpc::Call& call, const v1::ReportEndpointsRequest& request);

  const Backend backend_;
  prometheus::Counter& marked_;
  rpc::Calls calls_;
};

}  // namespace tidemark::push
