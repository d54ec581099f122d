#pragma once

#include <functional>

#include "common/base/executor.h"
#include "common/rpc/calls.h"
#include "common/rpc/testing/echo_service.grpc.pb.h"

namespace tidemark::rpc::testing {

// An EchoService whose methods do what a test puts into them.
class EchoRpc final : public v1::EchoService::CallbackService {
 public:
  EchoRpc(const Calls::Options& options, prometheus::Registry& registry, Executor& executor)
      : executor_(executor), calls_(v1::EchoService::service_full_name(), options, registry) {}

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const v1::EchoRequest* request,
                                 v1::EchoResponse* response) override {
    return calls_.Unary(context, "Echo", request, response,
                        [=, this](const Call& call, const Done& done) {
                          response->set_text(request->text());
                          echo(call, done);
                        });
  }

  grpc::ServerUnaryReactor* Block(grpc::CallbackServerContext* context,
                                  const v1::BlockRequest* request,
                                  v1::BlockResponse* response) override {
    return calls_.Blocking(executor_, context, "Block", request, response, block);
  }

  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(grpc::CallbackServerContext* context,
                                                     const v1::WatchRequest* request) override {
    return calls_.Stream<v1::WatchResponse>(context, "Watch", request, watch);
  }

  grpc::ServerWriteReactor<v1::ExportResponse>* Export(grpc::CallbackServerContext* context,
                                                       const v1::ExportRequest* request) override {
    return calls_.BlockingStream<v1::ExportResponse>(executor_, context, "Export", request,
                                                     export_body);
  }

  Calls::AsyncBody echo = [](const Call&, const Done& done) { done(absl::OkStatus()); };
  Calls::BlockingBody block = [](const Call&) { return absl::OkStatus(); };
  std::function<void(const Call&, StreamWriter<v1::WatchResponse>)> watch;
  std::function<absl::Status(const Call&, const StreamWriter<v1::ExportResponse>&)> export_body;

 private:
  Executor& executor_;
  Calls calls_;
};

}  // namespace tidemark::rpc::testing
