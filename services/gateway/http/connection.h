#pragma once

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/inlined_vector.h"
#include "services/gateway/http/byte_budget.h"
#include "services/gateway/http/growing_body.h"
#include "services/gateway/http/handler.h"
#include "services/gateway/http/worker.h"

namespace tidemark::gateway {

// One client's connection: reads a request, has it handled, writes the answer, and again. Lives as
// long as an operation on its socket or a reply refers to it.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpWorker& worker, asio::ip::tcp::socket socket);
  ~HttpConnection();

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // One of the two, first: serves requests, or answers `fault` to whatever comes.
  void Serve() { AwaitRequest(); }
  void Refuse(HttpFault fault) { Fail(fault); }

  // Ends a wait that has lasted too long.
  void Expire(SteadyTime now);
  // Closes the connection if it is idle.
  void Drain();
  void Close();

  // Whether there is room for an answer of `bytes` to the request that is being handled, which
  // nobody else touches meanwhile. Any thread.
  bool TakeRoom(std::size_t bytes);
  // Answers the request that is being handled. Any thread.
  static void Reply(std::shared_ptr<HttpConnection> connection, HttpResponse response);
  static void Forget(std::shared_ptr<HttpConnection> connection);

 private:
  using Parser = boost::beast::http::request_parser<GrowingBody>;
  using Error = boost::system::error_code;
  enum class State {
    kIdle,       // nothing of the next request has come
    kHead,       // reading
    kBody,       //
    kHandling,   // the handler has it
    kWriting,    // the answer
    kLingering,  // reading what the client still sends, so that it sees the answer
    kClosed,
  };

  void AwaitRequest();
  void Read();
  void OnRead(Error error, std::size_t bytes);
  void Parse();
  bool ParseSome();
  bool Admit();
  bool HoldBody();
  void Continue();
  void Handle();
  // What is wrong with the head; empty if nothing is.
  std::string_view ReadHead();
  void Fail(HttpFault fault, std::string_view why = {});
  void Write(HttpResponse response);
  void OnWritten(Error error);
  void Linger();
  void Enter(State state, absl::Duration patience);

  HttpWorker& worker_;
  HttpShared& shared_;
  asio::ip::tcp::socket socket_;
  State state_ = State::kIdle;
  SteadyTime deadline_;
  bool timed_out_ = false;
  bool keep_alive_ = false;  // what the client wishes
  bool head_only_ = false;   // the request is a HEAD
  bool closing_ = false;     // after the answer
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  // What the head says. Views of the parser's memory, taken before the body, so that trailers (RFC
  // 9112 section 7.1.2), which come when all is decided, are not among them.
  HttpRequest request_;
  absl::InlinedVector<HttpHeader, 24> headers_;
  std::string out_head_;
  std::string out_body_;
  BudgetShare held_;
  std::int64_t linger_bytes_ = 0;
};

}  // namespace tidemark::gateway
