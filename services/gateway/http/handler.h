#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "services/gateway/http/message.h"

namespace tidemark::gateway {

// Why the server itself refuses a request. Each has one status, and the connection closes after it.
enum class HttpFault {
  kMalformed,       // 400: not HTTP/1.x as we read it
  kTimeout,         // 408: it did not arrive in time
  kBodyTooLarge,    // 413
  kHeaderTooLarge,  // 431
  kOverloaded,      // 503: too many connections, or too many bytes of requests and answers held
  kForgotten,       // 500: the handler let the request go without an answer
};

int StatusOf(HttpFault fault);

class HttpConnection;

// Answers one request: call it once, from any thread. Dropped without a word it answers kForgotten.
class HttpReply {
 public:
  explicit HttpReply(std::shared_ptr<HttpConnection> connection);
  HttpReply(HttpReply&&) noexcept = default;
  HttpReply& operator=(HttpReply&&) = delete;
  ~HttpReply();

  // Takes room for an answer with a body of `bytes`, small ones without asking. False: so much is
  // held for clients that don't read that this answer should be dropped and a small one be given.
  // For requests that may be repeated; others are answered anyhow. By the one who will answer.
  bool TakeRoom(std::size_t bytes);

  void operator()(HttpResponse response);

 private:
  std::shared_ptr<HttpConnection> connection_;
};

// What serves requests. Called by the server's threads, which it must not block.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // A head has arrived whose body is large or awaits a go-ahead (Expect: 100-continue). An answer
  // refuses the request before its body is read.
  virtual std::optional<HttpResponse> Refuse(const HttpRequest& head) = 0;

  // A whole request.
  virtual void Handle(const HttpRequest& request, HttpReply reply) = 0;

  // The answer to a request that the server refuses; its status and `close` are set by the server.
  // `why` tells of a malformed, late or too large request which rule it broke ("no Host", "over 9
  // bytes"), never what it holds. `head` is what could be read of the request, perhaps nothing.
  virtual HttpResponse Answer(HttpFault fault, std::string_view why, const HttpRequest& head) = 0;

  // Nobody waits any longer for the requests that are being handled: lets go of them soon.
  virtual void Abandon() = 0;
};

}  // namespace tidemark::gateway
