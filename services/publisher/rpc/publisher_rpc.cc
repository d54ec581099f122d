#include "services/publisher/rpc/publisher_rpc.h"

#include "services/publisher/rpc/check_stream.h"

namespace tidemark::publisher {

PublisherRpc::PublisherRpc(const Backend& backend, const rpc::Calls::Options& options,
                           prometheus::Registry& registry)
    : thread_(backend.thread),
      streams_(backend.streams),
      steering_(backend.steering, backend.pools, backend.view),
      parked_(backend.parked, backend.pools, backend.keyring),
      calls_(v1::PublisherService::service_full_name(), options, registry) {}

grpc::ServerUnaryReactor* PublisherRpc::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest* request,
                                                  v1::GetStatusResponse* response) {
  return calls_.Blocking(
      thread_, context, "GetStatus", request, response,
      [=, this](const rpc::Call& call) { return steering_.GetStatus(call, *request, *response); });
}

grpc::ServerUnaryReactor* PublisherRpc::CheckStream(grpc::CallbackServerContext* context,
                                                    const v1::CheckStreamRequest* request,
                                                    v1::CheckStreamResponse* response) {
  return calls_.Unary(context, "CheckStream", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        publisher::CheckStream(streams_, call, *request, *response, done);
                      });
}

grpc::ServerUnaryReactor* PublisherRpc::ListParkedChanges(
    grpc::CallbackServerContext* context, const v1::ListParkedChangesRequest* request,
    v1::ListParkedChangesResponse* response) {
  return calls_.Blocking(
      thread_, context, "ListParkedChanges", request, response,
      [=, this](const rpc::Call& call) { return parked_.List(call, *request, *response); });
}

grpc::ServerUnaryReactor* PublisherRpc::ReplayParkedChanges(
    grpc::CallbackServerContext* context, const v1::ReplayParkedChangesRequest* request,
    v1::ReplayParkedChangesResponse* response) {
  return calls_.Blocking(
      thread_, context, "ReplayParkedChanges", request, response,
      [=, this](const rpc::Call& call) { return parked_.Replay(call, *request, *response); });
}

grpc::ServerUnaryReactor* PublisherRpc::DiscardParkedChanges(
    grpc::CallbackServerContext* context, const v1::DiscardParkedChangesRequest* request,
    v1::DiscardParkedChangesResponse* response) {
  return calls_.Blocking(
      thread_, context, "DiscardParkedChanges", request, response,
      [=, this](const rpc::Call& call) { return parked_.Discard(call, *request, *response); });
}

grpc::ServerUnaryReactor* PublisherRpc::PauseDestination(grpc::CallbackServerContext* context,
                                                         const v1::PauseDestinationRequest* request,
                                                         v1::PauseDestinationResponse* response) {
  return calls_.Blocking(
      thread_, context, "PauseDestination", request, response,
      [=, this](const rpc::Call& call) { return steering_.Pause(call, *request); });
}

grpc::ServerUnaryReactor* PublisherRpc::ResumeDestination(
    grpc::CallbackServerContext* context, const v1::ResumeDestinationRequest* request,
    v1::ResumeDestinationResponse* response) {
  return calls_.Blocking(
      thread_, context, "ResumeDestination", request, response,
      [=, this](const rpc::Call& call) { return steering_.Resume(call, *request); });
}

}  // namespace tidemark::publisher
