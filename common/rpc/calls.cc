#include "common/rpc/calls.h"

#include <atomic>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "common/base/random.h"
#include "common/errors/error.h"
#include "common/rpc/call_metrics.h"

namespace tidemark::rpc {

// The reactor of a unary call. It owns itself until gRPC is done with it; Done keeps it beyond.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  static std::shared_ptr<UnaryCall> Make(std::unique_ptr<CallRecord> record,
                                         const google::protobuf::Message* response) {
    std::shared_ptr<UnaryCall> call(new UnaryCall(std::move(record), response));
    call->self_ = call;
    if (!call->admitted()) call->End(call->record_->admitted());
    return call;
  }

  bool admitted() const { return record_->admitted().ok(); }
  const Call& call() const { return record_->call(); }
  bool ended() const { return ended_; }

  void End(const absl::Status& status) {
    if (!ended_.exchange(true)) Finish(record_->Complete(status, response_));
  }

 private:
  UnaryCall(std::unique_ptr<CallRecord> record, const google::protobuf::Message* response)
      : record_(std::move(record)), response_(response) {}

  // The handler still owns the response: it ends the call.
  void OnCancel() override { record_->Cancel(); }
  void OnDone() override {
    record_->Close();
    self_.reset();
  }

  const std::unique_ptr<CallRecord> record_;
  const google::protobuf::Message* const response_;
  std::atomic<bool> ended_ = false;
  std::shared_ptr<UnaryCall> self_;
};

namespace {

std::string_view Find(const grpc::CallbackServerContext& context, std::string_view key) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(grpc::string_ref(key.data(), key.size()));
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

bool IsLoopback(const std::string& peer) {
  return absl::StartsWith(peer, "ipv4:127.") || absl::StartsWith(peer, "ipv6:[::1]") ||
         absl::StartsWith(peer, "ipv6:%5B::1%5D") || absl::StartsWith(peer, "unix:") ||
         absl::StartsWith(peer, "inproc");
}

absl::Time DeadlineOf(const grpc::CallbackServerContext& context, absl::Duration otherwise) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::Now() + otherwise;
  return absl::FromChrono(deadline);
}

}  // namespace

Done::Done(std::shared_ptr<UnaryCall> call)
    : call_(call.get(), [call](UnaryCall*) {
        if (!call->ended()) call->End(ForgottenCall());
      }) {}

void Done::operator()(const absl::Status& status) const { call_->End(status); }

Calls::Calls(std::string_view proto_service, const Options& options, prometheus::Registry& registry)
    : options_(options),
      metrics_(
          std::make_unique<CallMetrics>(options.service, std::string(proto_service), registry)) {}

Calls::~Calls() = default;

grpc::ServerUnaryReactor* Calls::Unary(grpc::CallbackServerContext* context,
                                       std::string_view method,
                                       const google::protobuf::Message* request,
                                       const google::protobuf::Message* response,
                                       const AsyncBody& body) {
  const auto call =
      UnaryCall::Make(Begin(context, method, request, options_.default_deadline), response);
  if (call->admitted()) body(call->call(), Done(call));
  return call.get();
}

grpc::ServerUnaryReactor* Calls::Blocking(Executor& executor, grpc::CallbackServerContext* context,
                                          std::string_view method,
                                          const google::protobuf::Message* request,
                                          const google::protobuf::Message* response,
                                          BlockingBody body) {
  return Unary(context, method, request, response, [&](const Call& call, const Done& done) {
    const bool queued = executor.TryRun([done, &call, body = std::move(body)] {
      const absl::Status worth = WorthRunning(call);
      done(worth.ok() ? body(call) : worth);
    });
    if (!queued) done(ExecutorFull());
  });
}

std::unique_ptr<CallRecord> Calls::Begin(grpc::CallbackServerContext* context,
                                         std::string_view method,
                                         const google::protobuf::Message* request,
                                         absl::Duration default_deadline) {
  auto record = std::make_unique<CallRecord>(metrics_->Of(method), request, options_.slow,
                                             options_.open_calls);
  Call& call = record->call();
  call.deadline = DeadlineOf(*context, default_deadline);
  CallMetadata metadata = {Find(*context, kCallerKey), Find(*context, kPrincipalKey),
                           Find(*context, kRequestIdKey), Find(*context, kTraceparentKey)};
  metadata.peer_is_loopback = metadata.caller.empty() && IsLoopback(context->peer());
  record->set_admitted(FillCall(metadata, SystemRandom(), call));
  // So that a caller that gave no id can name the call.
  if (!call.request_id_given) {
    context->AddInitialMetadata(std::string(kRequestIdKey), call.request_id);
  }
  return record;
}

std::unique_ptr<CallRecord> Calls::BeginStream(grpc::CallbackServerContext* context,
                                               std::string_view method,
                                               const google::protobuf::Message* request) {
  return Begin(context, method, request, absl::InfiniteDuration());
}

absl::Status Calls::WorthRunning(const Call& call) {
  if (absl::Now() >= call.deadline) {
    return errors::Error(absl::StatusCode::kDeadlineExceeded,
                         errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                         "the deadline passed before the call's turn came; nothing was done");
  }
  if (call.Cancelled()) return absl::CancelledError("the client has gone");
  return absl::OkStatus();
}

absl::Status Calls::ExecutorFull() {
  return errors::WithRetryDelay(
      errors::Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_QUEUE_FULL,
                    "too many calls are waiting; try again later"),
      absl::Milliseconds(200));
}

}  // namespace tidemark::rpc
