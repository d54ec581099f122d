#include "common/rpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <future>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tidemark::rpc {
namespace {

constexpr auto kFlushTime = std::chrono::milliseconds(200);
constexpr int kPlentyOfThreads = 16;  // of gRPC's synchronous API, which reflection alone uses

// gRPC makes both for every server built after this.
void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

std::shared_ptr<grpc::ServerCredentials> Credentials(const std::optional<ServerTls>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      tls->client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                             : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls->client_ca;
  options.pem_key_cert_pairs.push_back({tls->private_key.Reveal(), tls->certificate_chain});
  return grpc::SslServerCredentials(options);
}

void Bound(const RpcServer::Options& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  builder.SetMaxSendMessageSize(static_cast<int>(options.max_message_bytes));
  grpc::ResourceQuota quota("tidemark");
  quota.Resize(options.memory_bytes).SetMaxThreads(kPlentyOfThreads);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams_per_connection);
}

void KeepAlive(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // Our clients ping every 20 s (MakeChannel), also while they have no calls.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const Options& options, const std::vector<grpc::Service*>& services) {
  EnableHealthAndReflection();
  grpc::ServerBuilder builder;
  const std::string address = config::FormatAddress(options.listen);
  int port = 0;
  builder.AddListeningPort(address, Credentials(options.tls), &port);
  // Otherwise two processes could share a port without noticing.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  Bound(options, builder);
  KeepAlive(builder);
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat("can't listen on ", address, " for gRPC",
                                               options.tls ? ", or its certificate is bad" : "",
                                               "; --listen chooses another address"));
  }
  std::unique_ptr<RpcServer> started(new RpcServer(port, options.open_calls, std::move(server)));
  started->SetServing(false);
  return started;
}

RpcServer::RpcServer(int port, OpenCalls* open_calls, std::unique_ptr<grpc::Server> server)
    : port_(port), open_calls_(open_calls), server_(std::move(server)) {}

RpcServer::~RpcServer() { Drain(absl::ZeroDuration(), absl::ZeroDuration()); }

void RpcServer::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
}

void RpcServer::Drain(absl::Duration delay, absl::Duration grace) {
  if (std::exchange(drained_, true)) return;
  server_->GetHealthCheckService()->Shutdown();
  absl::SleepFor(delay);
  const absl::Time deadline = absl::Now() + grace;
  const std::future<void> shutdown =
      std::async(std::launch::async, [&] { server_->Shutdown(absl::ToChronoTime(deadline)); });
  if (open_calls_ != nullptr) {
    open_calls_->Stop();
    // Shutdown also waits for idle clients to hang up, which they do when it suits them, and for
    // those who watch health: cut them off, once the last answers have been sent.
    if (open_calls_->WaitForNone(deadline) &&
        shutdown.wait_for(kFlushTime) == std::future_status::timeout) {
      grpc_server_cancel_all_calls(server_->c_server());
    }
  }
  shutdown.wait();
  server_->Wait();
}

}  // namespace tidemark::rpc
