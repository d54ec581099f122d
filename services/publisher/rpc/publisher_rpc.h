#pragma once

#include "common/base/executor.h"
#include "common/config/keyring.h"
#include "common/pools/pool_directory.h"
#include "common/rpc/calls.h"
#include "services/publisher/engine/stream_check.h"
#include "services/publisher/rpc/parked_rpc.h"
#include "services/publisher/rpc/steering_rpc.h"
#include "services/publisher/store/parked_changes.h"
#include "services/publisher/store/steering.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"

namespace tidemark::publisher {

// What operators see of the publishers, and how they steer them: see publisher_service.proto.
class PublisherRpc final : public v1::PublisherService::CallbackService {
 public:
  // All outlive the service. `thread` is one thread, which alone uses `parked` and `steering`.
  struct Backend {
    ViewOfPublisher view;
    ParkedChanges& parked;
    Steering& steering;
    const pools::PoolDirectory& pools;
    StreamCheck& streams;
    Executor& thread;
    config::Keyring keyring;
  };
  PublisherRpc(const Backend& backend, const rpc::Calls::Options& options,
               prometheus::Registry& registry);

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* CheckStream(grpc::CallbackServerContext* context,
                                        const v1::CheckStreamRequest* request,
                                        v1::CheckStreamResponse* response) override;
  grpc::ServerUnaryReactor* ListParkedChanges(grpc::CallbackServerContext* context,
                                              const v1::ListParkedChangesRequest* request,
                                              v1::ListParkedChangesResponse* response) override;
  grpc::ServerUnaryReactor* ReplayParkedChanges(grpc::CallbackServerContext* context,
                                                const v1::ReplayParkedChangesRequest* request,
                                                v1::ReplayParkedChangesResponse* response) override;
  grpc::ServerUnaryReactor* DiscardParkedChanges(
      grpc::CallbackServerContext* context, const v1::DiscardParkedChangesRequest* request,
      v1::DiscardParkedChangesResponse* response) override;
  grpc::ServerUnaryReactor* PauseDestination(grpc::CallbackServerContext* context,
                                             const v1::PauseDestinationRequest* request,
                                             v1::PauseDestinationResponse* response) override;
  grpc::ServerUnaryReactor* ResumeDestination(grpc::CallbackServerContext* context,
                                              const v1::ResumeDestinationRequest* request,
                                              v1::ResumeDestinationResponse* response) override;

 private:
  Executor& thread_;
  StreamCheck& streams_;
  SteeringRpc steering_;
  ParkedRpc parked_;
  rpc::Calls calls_;
};

}  // namespace tidemark::publisher
