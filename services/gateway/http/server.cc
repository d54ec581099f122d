#include "services/gateway/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/obs/log.h"
#include "services/gateway/http/worker.h"

namespace tidemark::gateway {
namespace {

using asio::ip::tcp;
using Error = boost::system::error_code;

absl::Status Unable(const config::Address& address, const Error& error) {
  return absl::UnavailableError(absl::StrCat("can't listen on ", config::FormatAddress(address),
                                             ": ", error.message(),
                                             "; --listen chooses another address"));
}

absl::StatusOr<tcp::endpoint> Resolve(asio::io_context& io, const config::Address& address) {
  Error error;
  const auto found =
      tcp::resolver(io).resolve(address.host, std::to_string(address.port),
                                tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) return Unable(address, error);
  return found.begin()->endpoint();
}

}  // namespace

struct HttpServer::Impl {
  Impl(const Options& options, HttpHandler& handler, prometheus::Registry& registry)
      : shared(options.limits, handler, registry) {
    for (int i = 0; i < options.threads; ++i) {
      workers.push_back(std::make_unique<HttpWorker>(shared));
    }
    acceptor.emplace(workers[0]->io());
    retry.emplace(workers[0]->io());
  }

  ~Impl() {
    for (const auto& worker : workers) worker->Stop();
  }

  absl::Status Listen(const config::Address& address) {
    TM_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, Resolve(workers[0]->io(), address));
    Error error;
    if (acceptor->open(endpoint.protocol(), error)) return Unable(address, error);
    acceptor->set_option(asio::socket_base::reuse_address(true), error);
    if (acceptor->bind(endpoint, error)) return Unable(address, error);
    if (acceptor->listen(asio::socket_base::max_listen_connections, error)) {
      return Unable(address, error);
    }
    port = acceptor->local_endpoint().port();
    asio::post(workers[0]->io(), [this] { Accept(); });
    return absl::OkStatus();
  }

  // Connections go to the workers in turn.
  void Accept() {
    HttpWorker& worker = *workers[next];
    next = (next + 1) % workers.size();
    acceptor->async_accept(worker.io(), [this, &worker](Error error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor->is_open()) return;
      if (!error) {
        worker.Adopt(std::move(socket));
        return Accept();
      }
      // Out of file descriptors, most likely: some will be closed.
      if (const auto held_back = limiter.Admit(absl::Now())) {
        obs::Log(obs::Level::kWarning, "can't accept a connection",
                 {{"error", error.message()}, {"held_back", *held_back}});
      }
      retry->expires_after(std::chrono::milliseconds(50));
      retry->async_wait([this](Error stopped) {
        if (!stopped) Accept();
      });
    });
  }

  void StopListening() {
    asio::post(workers[0]->io(), [this] {
      Error ignored;
      acceptor->close(ignored);
      retry->cancel();
    });
  }

  HttpShared shared;
  std::vector<std::unique_ptr<HttpWorker>> workers;
  std::optional<tcp::acceptor> acceptor;  // on the first worker, as is `retry`
  std::optional<asio::steady_timer> retry;
  obs::LogLimiter limiter{absl::Seconds(10)};
  std::size_t next = 0;
  int port = 0;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options,
                                                              HttpHandler& handler,
                                                              prometheus::Registry& registry) {
  auto impl = std::make_unique<Impl>(options, handler, registry);
  TM_RETURN_IF_ERROR(impl->Listen(options.listen));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Drain(absl::ZeroDuration(), absl::ZeroDuration()); }

int HttpServer::port() const { return impl_->port; }

void HttpServer::Drain(absl::Duration delay, absl::Duration grace) {
  absl::SleepFor(delay);
  const absl::Time deadline = absl::Now() + grace;
  impl_->shared.draining = true;
  impl_->StopListening();
  for (const auto& worker : impl_->workers) worker->DrainAll();
  if (impl_->shared.WaitUntilNone(deadline)) return;
  for (const auto& worker : impl_->workers) worker->CutAll();
  impl_->shared.handler.Abandon();
  impl_->shared.WaitUntilNone(absl::InfiniteFuture());
}

}  // namespace tidemark::gateway
