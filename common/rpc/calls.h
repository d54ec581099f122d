#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/executor.h"
#include "common/rpc/call.h"
#include "common/rpc/call_record.h"
#include "common/rpc/open_calls.h"
#include "common/rpc/stream.h"

namespace tidemark::rpc {

class CallMetrics;
class UnaryCall;

// Ends a unary call: `done(status)`, from any thread, after the response has been filled. The first
// call counts. Copies share the call; if all are gone without a word, the call ends as INTERNAL.
class Done {
 public:
  void operator()(const absl::Status& status) const;

 private:
  friend class Calls;
  explicit Done(std::shared_ptr<UnaryCall> call);

  std::shared_ptr<UnaryCall> call_;
};

// What stands between gRPC's callback API and the handlers of one proto service: reads caller, ids
// and deadline, measures, logs one line, passes errors on. For each call
//   tidemark_<service>_rpc_seconds{method,outcome}  outcome: ok | rejected | failed
//   tidemark_<service>_rpcs_total{method,code}      code as gRPC spells it
//   tidemark_<service>_rpcs_in_flight{method}
// Errors the caller caused are logged as info, overload and missing dependencies as warnings,
// faults as errors; successes as debug, or info when they took `slow`.
//
// Thread-safe; outlives the server that calls it.
//
//   grpc::ServerUnaryReactor* DatasetRpc::UpdateRecords(grpc::CallbackServerContext* context,
//       const v1::UpdateRecordsRequest* request, v1::UpdateRecordsResponse* response) {
//     return calls_.Unary(context, "UpdateRecords", request, response,
//         [=, this](const Call& call, Done done) { ... });
//   }
class Calls {
 public:
  struct Options {
    std::string service;                                  // in metric names, such as "dataset"
    absl::Duration default_deadline = absl::Seconds(30);  // for unary calls that come without one
    absl::Duration slow = absl::Seconds(1);
    OpenCalls* open_calls = nullptr;  // of the server, so that it drains well; see RpcServer
  };

  // `proto_service` is the full name, DatasetService::service_full_name(). All series of its
  // methods are made here.
  Calls(std::string_view proto_service, const Options& options, prometheus::Registry& registry);
  ~Calls();

  using AsyncBody = std::function<void(const Call& call, Done done)>;
  using BlockingBody = std::function<absl::Status(const Call& call)>;

  // Runs `body` on gRPC's thread: it must not block. `call`, request and response stay until
  // `done`.
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, std::string_view method,
                                  const google::protobuf::Message* request,
                                  const google::protobuf::Message* response, const AsyncBody& body);

  // Runs `body` on `executor`. RESOURCE_EXHAUSTED (QUEUE_FULL) if that is full; a call whose client
  // has gone or whose deadline has passed when its turn comes is not run.
  grpc::ServerUnaryReactor* Blocking(Executor& executor, grpc::CallbackServerContext* context,
                                     std::string_view method,
                                     const google::protobuf::Message* request,
                                     const google::protobuf::Message* response, BlockingBody body);

  // For bodies of Unary that use an executor themselves, as Blocking does: not OK once nobody waits
  // for the answer; and what a call ends with if the executor is full.
  static absl::Status WorthRunning(const Call& call);
  static absl::Status ExecutorFull();

  // A server-streaming call. `body` runs on gRPC's thread and must not block: it copies what it
  // needs of `call` and the request, and hands the writer to whoever will write. No default
  // deadline. If the client goes or the server stops, the stream ends by itself.
  template <typename T>
  grpc::ServerWriteReactor<T>* Stream(
      grpc::CallbackServerContext* context, std::string_view method,
      const google::protobuf::Message* request,
      const std::function<void(const Call& call, StreamWriter<T> writer)>& body) {
    auto stream =
        StreamCall<T>::Make(BeginStream(context, method, request), StreamCall<T>::OnGone::kEnd);
    if (stream->Admitted()) body(stream->call(), StreamWriter<T>(stream));
    return stream->reactor();
  }

  // The same with a body that may block, on `executor`, while `call` and request stay. Its status
  // ends the stream. It should return soon once a Write fails.
  template <typename T>
  grpc::ServerWriteReactor<T>* BlockingStream(
      Executor& executor, grpc::CallbackServerContext* context, std::string_view method,
      const google::protobuf::Message* request,
      std::function<absl::Status(const Call& call, const StreamWriter<T>& writer)> body) {
    auto stream = StreamCall<T>::Make(BeginStream(context, method, request),
                                      StreamCall<T>::OnGone::kWaitForWriter);
    if (!stream->Admitted()) return stream->reactor();
    const StreamWriter<T> writer(stream);
    const bool queued = executor.TryRun([writer, &call = stream->call(), body = std::move(body)] {
      const absl::Status worth = WorthRunning(call);
      writer.Finish(worth.ok() ? body(call, writer) : worth);
    });
    if (!queued) writer.Finish(ExecutorFull());
    return stream->reactor();
  }

 private:
  std::unique_ptr<CallRecord> Begin(grpc::CallbackServerContext* context, std::string_view method,
                                    const google::protobuf::Message* request,
                                    absl::Duration default_deadline);
  std::unique_ptr<CallRecord> BeginStream(grpc::CallbackServerContext* context,
                                          std::string_view method,
                                          const google::protobuf::Message* request);
  const Options options_;
  std::unique_ptr<CallMetrics> metrics_;
};

}  // namespace tidemark::rpc
