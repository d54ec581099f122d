#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/http_message.h"

// A small HTTP/1.1 server on loopback that can misbehave on purpose. For tests.
namespace tidemark::fake_aws {

struct ServerRequest {
  std::string method;
  std::string target;
  std::vector<aws::HttpHeader> headers;
  std::string body;
};

// What becomes of an answer on its way.
enum class Delivery {
  kSend,     // as HTTP wants it
  kReset,    // the connection is reset instead (TCP RST)
  kHang,     // nothing is sent, the connection stays open
  kGarbage,  // bytes that are no HTTP, then the connection closes
  kCut,      // the head and half of the body, then the connection closes
};

struct ServerResponse {
  int status = 200;
  std::vector<aws::HttpHeader> headers;  // Content-Length is added
  std::string body;
  Delivery delivery = Delivery::kSend;
  absl::Duration delay = absl::ZeroDuration();  // waited before the delivery
};

class HttpServer {
 public:
  struct Options {
    std::uint16_t port = 0;       // 0: a free one
    std::string certificate_pem;  // with private_key_pem: serves TLS
    std::string private_key_pem;
    std::uint64_t max_body_bytes = 64 << 20;
  };

  // Answers a request. Called on the server's one thread: while it runs, nothing else is served.
  using Handler = std::function<ServerResponse(ServerRequest)>;

  // Listens on 127.0.0.1 and serves until destroyed. INVALID_ARGUMENT for a bad certificate,
  // UNAVAILABLE if the port is taken.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(Options options, Handler handler);

  // Breaks all connections off.
  ~HttpServer();

  std::uint16_t port() const;
  std::string Url() const;  // "http://127.0.0.1:PORT", or https
  // Connections accepted so far: shows whether a client reuses them.
  int connections() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark::fake_aws
