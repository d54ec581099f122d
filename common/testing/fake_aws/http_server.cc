#include "common/testing/fake_aws/http_server.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_aws/http_session.h"

namespace tidemark::fake_aws {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class HttpServer::Impl {
 public:
  Impl(std::uint64_t max_body_bytes, Handler handler)
      : settings_{std::move(handler), max_body_bytes}, acceptor_(context_) {}

  ~Impl() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status UseTls(const Options& options) {
    tls_.emplace(asio::ssl::context::tls_server);
    error_code error;
    tls_->use_certificate_chain(asio::buffer(options.certificate_pem), error);
    if (!error) {
      tls_->use_private_key(asio::buffer(options.private_key_pem), asio::ssl::context::pem, error);
    }
    if (!error) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("bad certificate or key: ", error.message()));
  }

  absl::Status Listen(std::uint16_t port) {
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError(absl::StrCat("port ", port, ": ", error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = std::thread([this] { context_.run(); });
    return absl::OkStatus();
  }

  std::uint16_t port() const { return port_; }
  bool tls() const { return tls_.has_value(); }
  int connections() const { return connections_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, ServerSocket socket) {
      if (error) return;
      ++connections_;
      socket.set_option(tcp::no_delay(true), error);
      ServeConnection(std::move(socket), tls_ ? &*tls_ : nullptr, settings_);
      Accept();
    });
  }

  const SessionSettings settings_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context context_{1};  // after what sessions use, which live in it
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, Handler handler) {
  auto impl = std::make_unique<Impl>(options.max_body_bytes, std::move(handler));
  if (!options.certificate_pem.empty()) {
    if (absl::Status status = impl->UseTls(options); !status.ok()) return status;
  }
  if (absl::Status status = impl->Listen(options.port); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port(); }
int HttpServer::connections() const { return impl_->connections(); }

std::string HttpServer::Url() const {
  return absl::StrCat(impl_->tls() ? "https" : "http", "://127.0.0.1:", port());
}

}  // namespace tidemark::fake_aws
