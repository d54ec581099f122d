#include "common/testing/fake_aws/http_session.h"

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tidemark::fake_aws {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

using TlsStream = asio::ssl::stream<ServerSocket>;

// The head of an answer to a client of HTTP/1.1.
std::string Head(const ServerResponse& response, bool keep_alive) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  std::string head = absl::StrCat("HTTP/1.1 ", response.status, " ", std::string(reason),
                                  "\r\nContent-Length: ", response.body.size(), "\r\n");
  for (const aws::HttpHeader& header : response.headers) {
    absl::StrAppend(&head, header.name, ": ", header.value, "\r\n");
  }
  absl::StrAppend(&head, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
  return head;
}

// Keeps itself alive by the handlers that wait on it; the last one's end closes the socket.
template <typename Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <typename... Args>
  explicit Session(const SessionSettings& settings, Args&&... args)
      : settings_(settings), stream_(std::forward<Args>(args)...), timer_(stream_.get_executor()) {}

  void Start() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code error) {
                                if (!error) self->Read();
                              });
    } else {
      Read();
    }
  }

 private:
  void Read() {
    parser_.emplace();
    parser_->body_limit(settings_.max_body_bytes);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->ReadBody();
                            });
  }

  // Some clients send a body only once they were told to, or after a second.
  void ReadBody() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (parser_->get()[http::field::expect] == "100-continue") {
      return asio::async_write(stream_, asio::buffer(kContinue),
                               [self = this->shared_from_this()](error_code error, std::size_t) {
                                 if (!error) self->ReadRest();
                               });
    }
    ReadRest();
  }

  void ReadRest() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->Handle();
                     });
  }

  void Handle() {
    keep_alive_ = parser_->keep_alive();
    auto message = parser_->release();
    ServerRequest request{.method = std::string(message.method_string()),
                          .target = std::string(message.target()),
                          .headers = {},
                          .body = std::move(message.body())};
    for (const auto& field : message) {
      request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    head_request_ = request.method == "HEAD";
    response_ = settings_.handler(std::move(request));
    if (response_.delay <= absl::ZeroDuration()) return Deliver();
    timer_.expires_after(absl::ToChronoNanoseconds(response_.delay));
    timer_.async_wait([self = this->shared_from_this()](error_code error) {
      if (!error) self->Deliver();
    });
  }

  void Deliver() {
    switch (response_.delivery) {
      case Delivery::kSend:
        return Send(head_request_ ? std::string_view() : response_.body, keep_alive_);
      case Delivery::kCut:
        return Send(std::string_view(response_.body).substr(0, response_.body.size() / 2), false);
      case Delivery::kGarbage:
        head_ = "\x16\x03\x01 this is not HTTP\r\n\r\n";
        return Write("", false);
      case Delivery::kReset:
        return Reset();
      case Delivery::kHang:
        return Hang();
    }
  }

  void Send(std::string_view body, bool keep_alive) {
    head_ = Head(response_, keep_alive_);
    Write(body, keep_alive);
  }

  void Write(std::string_view body, bool keep_alive) {
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(head_),
                                                     asio::buffer(body.data(), body.size())};
    asio::async_write(stream_, parts,
                      [self = this->shared_from_this(), keep_alive](error_code error, std::size_t) {
                        if (!error && keep_alive) self->Read();
                      });
  }

  void Reset() {
    error_code ignored;
    ServerSocket& socket = Socket();
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }

  // Waits for the client to give up.
  void Hang() {
    stream_.async_read_some(buffer_.prepare(1),
                            [self = this->shared_from_this()](error_code, std::size_t) {});
  }

  ServerSocket& Socket() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  const SessionSettings& settings_;
  Stream stream_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool keep_alive_ = false;
  bool head_request_ = false;
  ServerResponse response_;  // of the request being answered
  std::string head_;
};

}  // namespace

void ServeConnection(ServerSocket socket, asio::ssl::context* tls,
                     const SessionSettings& settings) {
  if (tls != nullptr) {
    std::make_shared<Session<TlsStream>>(settings, std::move(socket), *tls)->Start();
  } else {
    std::make_shared<Session<ServerSocket>>(settings, std::move(socket))->Start();
  }
}

}  // namespace tidemark::fake_aws
