#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/http_message.h"

namespace tidemark::aws {

// How long a request may take.
struct HttpTimeouts {
  absl::Duration connect = absl::Seconds(3);  // to a new connection, TLS handshake included
  absl::Duration total = absl::Seconds(15);   // from Send to the last byte of the answer
};

// Sends HTTP requests. Safe for concurrent use.
class HttpTransport {
 public:
  using Callback = std::function<void(absl::StatusOr<HttpResponse>)>;

  virtual ~HttpTransport() = default;

  // Calls back exactly once. Any complete answer is a response, whatever its status code. Else:
  //   UNAVAILABLE         no connection, or it broke, or the server's certificate is not trusted
  //   DEADLINE_EXCEEDED   a timeout; as with UNAVAILABLE the server may have acted on the request
  //   RESOURCE_EXHAUSTED  the answer is larger than the transport takes
  //   CANCELLED           the transport is being destroyed
  //   INVALID_ARGUMENT    the request can't be put on the wire
  // A request that meets a kept connection which its server is just closing is sent once more on a
  // new one: any request may arrive twice.
  virtual void Send(HttpRequest request, const HttpTimeouts& timeouts, Callback callback) = 0;
};

// HTTP/1.1 over libcurl: one thread, connections kept alive and reused. Redirects are not followed,
// proxies not used, the environment not read. Callbacks run on that thread and must not block; they
// may call Send (during the destruction it answers CANCELLED before it returns).
class CurlTransport final : public HttpTransport {
 public:
  struct Options {
    // Requests beyond these wait for a connection, within their time.
    int max_connections_per_host = 64;
    int max_connections = 256;
    // Idle connections older than this are not reused; AWS closes them after about a minute.
    absl::Duration max_idle = absl::Seconds(40);
    std::size_t max_response_bytes = std::size_t{16} << 20;
    // Whether a server's certificate must be valid. Off only for test servers.
    bool verify_tls = true;
    // PEM file of the authorities to trust; empty: the system's.
    std::string ca_file;
    std::string user_agent = "tidemark";
  };

  // INTERNAL if libcurl can't be set up.
  static absl::StatusOr<std::unique_ptr<CurlTransport>> Start(Options options);

  // Cancels what is under way, then returns.
  ~CurlTransport() override;

  void Send(HttpRequest request, const HttpTimeouts& timeouts, Callback callback) override;

 private:
  class Loop;
  explicit CurlTransport(std::unique_ptr<Loop> loop);

  const std::unique_ptr<Loop> loop_;
};

}  // namespace tidemark::aws
