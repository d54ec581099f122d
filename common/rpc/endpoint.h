#pragma once

#include <string_view>

#include "absl/time/time.h"

namespace tidemark::rpc {

// What takes the calls of a process: a gRPC server, or the gateway's HTTP server. It listens from
// its making on.
class Endpoint {
 public:
  virtual ~Endpoint() = default;

  // "grpc" or "http".
  virtual std::string_view name() const = 0;

  // The port it listens on.
  virtual int port() const = 0;

  // Tells those who ask whether the process can serve; false from the start. From any thread.
  virtual void SetServing(bool serving) = 0;

  // Says that it does not serve, goes on serving for `delay`, then takes no new calls and gives
  // those in flight `grace` to end. On return none is left.
  virtual void Drain(absl::Duration delay, absl::Duration grace) = 0;
};

}  // namespace tidemark::rpc
