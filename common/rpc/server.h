#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/base/units.h"
#include "common/config/units.h"
#include "common/rpc/endpoint.h"
#include "common/rpc/open_calls.h"

namespace tidemark::rpc {

// A server's certificate, in PEM.
struct ServerTls {
  std::string certificate_chain;
  Secret private_key;
  std::string client_ca;  // clients must show a certificate of these; "" asks for none
};

// A gRPC server with health (grpc.health.v1) and reflection. Handlers use the callback API; no call
// has a thread of its own.
class RpcServer final : public Endpoint {
 public:
  struct Options {
    config::Address listen;
    std::int64_t max_message_bytes = 8 * kMiB;  // received and sent
    std::int64_t memory_bytes = 128 * kMiB;     // of gRPC's own buffers, roughly
    int max_streams_per_connection = 1024;      // calls in flight on one connection
    std::optional<ServerTls> tls;               // none: plain text
    // Where the services' Calls note their calls; outlives the server. Without it a drain takes its
    // whole grace if a stream is open, and some seconds if a client is idle.
    OpenCalls* open_calls = nullptr;
  };

  // Listens and serves; health says NOT_SERVING until SetServing(true). `services` outlive the
  // server. UNAVAILABLE if it can't listen or the certificate is no good.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const Options& options, const std::vector<grpc::Service*>& services);

  // Drain(0, 0).
  ~RpcServer() override;

  std::string_view name() const override { return "grpc"; }
  int port() const override { return port_; }

  // What health says of the process as a whole (service name ""). No effect once draining.
  void SetServing(bool serving) override;

  // Says NOT_SERVING, goes on serving for `delay` so that load balancers notice, then takes no new
  // calls (late ones may see CANCELLED, which FromGrpc reads as UNAVAILABLE), ends Watch-like
  // streams, gives calls in flight `grace` to end, and cancels the rest. Returns when none is left;
  // handlers must therefore end soon after they are cancelled.
  void Drain(absl::Duration delay, absl::Duration grace) override;

 private:
  RpcServer(int port, OpenCalls* open_calls, std::unique_ptr<grpc::Server> server);

  const int port_;
  OpenCalls* const open_calls_;
  const std::unique_ptr<grpc::Server> server_;
  bool drained_ = false;
};

}  // namespace tidemark::rpc
