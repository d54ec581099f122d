#pragma once

#include <prometheus/registry.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/units.h"
#include "common/config/units.h"
#include "common/rpc/endpoint.h"
#include "services/gateway/http/handler.h"

namespace tidemark::gateway {

// What one server takes on. Every wait for a client ends by one of the times.
struct HttpLimits {
  std::int64_t header_bytes = 16 * kKiB;  // of the request line, and of the fields
  std::int64_t body_bytes = 8 * kMiB;
  // Of bodies and answers over 8 KiB, over all connections. What does not fit is refused; while
  // answers that could not be refused exceed it, no request is begun.
  std::int64_t held_bytes = 48 * kMiB;
  int connections = 4096;
  absl::Duration idle = absl::Seconds(60);    // between requests
  absl::Duration header = absl::Seconds(10);  // from a request's first byte to the end of its head
  absl::Duration body = absl::Seconds(30);    // for the body
  absl::Duration write = absl::Seconds(30);   // for taking the answer
};

// An HTTP/1.1 server with keep-alive, for a handler that answers when it can. A connection's
// requests are served one after the other, so that pipelined ones are answered in order. It belongs
// to one thread; no thread waits for a client or for an answer.
//
//   tidemark_gateway_http_connections                open now
//   tidemark_gateway_http_connections_total{result}  accepted | refused (over the bound)
class HttpServer final : public rpc::Endpoint {
 public:
  struct Options {
    config::Address listen;
    int threads = 1;
    HttpLimits limits;
  };

  // Listens and serves. `handler` and `registry` outlive the server. UNAVAILABLE if it can't
  // listen.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Options& options,
                                                           HttpHandler& handler,
                                                           prometheus::Registry& registry);
  // Drain(0, 0).
  ~HttpServer() override;

  std::string_view name() const override { return "http"; }
  int port() const override;

  // Nobody asks here; probes have a port of their own.
  void SetServing(bool serving) override {}

  // After `delay` stops listening and closes idle connections; requests that have begun have
  // `grace` to be read and answered, then their connections are cut and the handler abandons them.
  // Returns when no connection is left, which is not before the handler has answered (or dropped)
  // every request it has.
  void Drain(absl::Duration delay, absl::Duration grace) override;

 private:
  struct Impl;

  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark::gateway
