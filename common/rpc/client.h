#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/open_calls.h"
#include "common/rpc/status.h"

namespace tidemark::rpc {

// Asynchronous calls of a service (such as push::v1::PushTargetService) behind a channel. A call
// holds the channel, and a channel must not end in gRPC's own threads, which it would wait for: so
// the destructor cancels the calls under way and waits until they are gone. Safe for
// concurrent use; not to be destroyed by the callback of a call.
template <typename Service>
class Client {
 public:
  using Async = typename Service::StubInterface::async_interface;
  template <typename Request, typename Response>
  using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);
  // Sets deadline and metadata of a call: see channel.h.
  using Prepare = std::function<void(grpc::ClientContext& context)>;
  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  explicit Client(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(Service::NewStub(channel)) {}

  ~Client() {
    open_.Stop();
    open_.WaitForNone(absl::InfiniteFuture());
  }

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Calls `method`, such as &Client::Async::ResolveTargets. `done` is called once, in a thread of
  // gRPC.
  template <typename Request, typename Response>
  void Begin(Method<Request, Response> method, Request request, const Prepare& prepare,
             std::type_identity_t<Done<Response>> done) {
    auto owned = std::make_shared<CallUnderWay<Request, Response>>();
    auto& call = *owned;
    call.request = std::move(request);
    prepare(call.context);
    call.open = open_.Add();
    call.open.EndOnStop([weak = std::weak_ptr(owned)] {
      if (const auto held = weak.lock()) held->context.TryCancel();
    });
    (stub_->async()->*method)(
        &call.context, &call.request, &call.response,
        [owned = std::move(owned), done = std::move(done)](const grpc::Status& status) {
          if (!status.ok()) return done(FromGrpc(status));
          done(std::move(owned->response));
        });
  }

 private:
  template <typename Request, typename Response>
  struct CallUnderWay {
    OpenCalls::Entry open;  // goes last
    grpc::ClientContext context;
    Request request;
    Response response;
  };

  const std::unique_ptr<typename Service::Stub> stub_;
  OpenCalls open_;
};

}  // namespace tidemark::rpc
