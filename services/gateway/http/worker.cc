#include "services/gateway/http/worker.h"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/obs/metrics.h"
#include "services/gateway/http/connection.h"

namespace tidemark::gateway {
namespace {

constexpr std::chrono::milliseconds kSweepInterval{250};
// Refused connections that may be open at a time, to be told why; others are closed without a word.
constexpr int kRefusedConnections = 64;

}  // namespace

int StatusOf(HttpFault fault) {
  switch (fault) {
    case HttpFault::kMalformed:
      return 400;
    case HttpFault::kTimeout:
      return 408;
    case HttpFault::kBodyTooLarge:
      return 413;
    case HttpFault::kHeaderTooLarge:
      return 431;
    case HttpFault::kOverloaded:
      return 503;
    case HttpFault::kForgotten:
      break;
  }
  return 500;
}

HttpShared::HttpShared(const HttpLimits& limits, HttpHandler& handler,
                       prometheus::Registry& registry)
    : limits(limits),
      handler(handler),
      budget(limits.held_bytes),
      open(obs::Gauge(registry, "tidemark_gateway_http_connections", "Open HTTP connections.")),
      accepted(obs::Counter(registry, "tidemark_gateway_http_connections_total",
                            "HTTP connections by result; over the bound they are refused.",
                            {{"result", "accepted"}})),
      refused(obs::Counter(registry, "tidemark_gateway_http_connections_total", "",
                           {{"result", "refused"}})) {}

bool HttpShared::WaitUntilNone(absl::Time deadline) {
  std::unique_lock lock(mutex);
  const auto none = [this] { return connections == 0; };
  if (deadline == absl::InfiniteFuture()) {
    changed.wait(lock, none);
    return true;
  }
  return changed.wait_until(lock, absl::ToChronoTime(deadline), none);
}

HttpWorker::HttpWorker(HttpShared& shared)
    : shared_(shared), work_(io_.get_executor()), sweep_(io_) {
  Sweep();
  thread_ = std::thread([this] { io_.run(); });
}

HttpWorker::~HttpWorker() { Stop(); }

void HttpWorker::Stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void HttpWorker::Adopt(asio::ip::tcp::socket socket) {
  asio::post(io_, [this, socket = std::move(socket)]() mutable { AdoptHere(std::move(socket)); });
}

void HttpWorker::AdoptHere(asio::ip::tcp::socket socket) {
  const int bound = shared_.limits.connections;
  int open = 0;
  {
    const std::lock_guard lock(shared_.mutex);
    open = shared_.connections;
    if (open < bound + kRefusedConnections && !shared_.draining) ++shared_.connections;
  }
  (open < bound ? shared_.accepted : shared_.refused).Increment();
  if (open >= bound + kRefusedConnections || shared_.draining) return;
  shared_.open.Increment();
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto connection = std::make_shared<HttpConnection>(*this, std::move(socket));
  if (open < bound) {
    connection->Serve();
  } else {
    connection->Refuse(HttpFault::kOverloaded);
  }
}

template <typename Action>
void HttpWorker::ForEach(Action action) {
  // Held while it runs: an action may let go of the last reference, and with it change the set.
  std::vector<std::shared_ptr<HttpConnection>> held;
  held.reserve(connections_.size());
  for (HttpConnection* connection : connections_) {
    if (auto alive = connection->weak_from_this().lock()) held.push_back(std::move(alive));
  }
  for (const auto& connection : held) action(*connection);
}

void HttpWorker::DrainAll() {
  asio::post(io_, [this] { ForEach([](HttpConnection& connection) { connection.Drain(); }); });
}

void HttpWorker::CutAll() {
  asio::post(io_, [this] { ForEach([](HttpConnection& connection) { connection.Close(); }); });
}

void HttpWorker::Sweep() {
  sweep_.expires_after(kSweepInterval);
  sweep_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    ForEach([now](HttpConnection& connection) { connection.Expire(now); });
    Sweep();
  });
}

const std::string& HttpWorker::Date() {
  const absl::Time now = absl::Now();
  const std::time_t second = absl::ToTimeT(now);
  if (second != date_second_) {
    date_second_ = second;
    date_ = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
  }
  return date_;
}

}  // namespace tidemark::gateway
