#pragma once

#include "common/base/executor.h"
#include "common/config/keyring.h"
#include "common/rpc/calls.h"
#include "services/publisher/engine/publisher.h"
#include "services/publisher/engine/stream_check.h"
#include "services/publisher/store/parked_changes.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"

namespace tidemark::publisher {

// What operators see of the publisher: see publisher_service.proto.
class PublisherRpc final : public v1::PublisherService::CallbackService {
 public:
  // `parked` is used on `thread` (one thread) alone. All but the keyring outlive the object.
  PublisherRpc(const Publisher& publisher, ParkedChanges& parked, Executor& thread,
               StreamCheck& streams, config::Keyring keyring, const rpc::Calls::Options& options,
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

 private:
  absl::Status Status(const rpc::Call& call, const v1::GetStatusRequest& request,
                      v1::GetStatusResponse& response) const;
  absl::Status ListParked(const rpc::Call& call, const v1::ListParkedChangesRequest& request,
                          v1::ListParkedChangesResponse& response);

  const Publisher& publisher_;
  ParkedChanges& parked_;
  Executor& thread_;
  StreamCheck& streams_;
  const config::Keyring keyring_;
  rpc::Calls calls_;
};

}  // namespace tidemark::publisher
