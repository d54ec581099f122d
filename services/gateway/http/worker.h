#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "services/gateway/http/byte_budget.h"
#include "services/gateway/http/handler.h"
#include "services/gateway/http/server.h"

namespace tidemark::gateway {

namespace asio = boost::asio;

using SteadyTime = std::chrono::steady_clock::time_point;

// What all connections of a server share.
struct HttpShared {
  HttpShared(const HttpLimits& limits, HttpHandler& handler, prometheus::Registry& registry);

  // Waits until no connection is left; false if that is not so by `deadline`.
  bool WaitUntilNone(absl::Time deadline);

  const HttpLimits limits;
  HttpHandler& handler;
  ByteBudget budget;
  std::atomic<bool> draining = false;

  prometheus::Gauge& open;
  prometheus::Counter& accepted;
  prometheus::Counter& refused;

  std::mutex mutex;
  std::condition_variable changed;
  int connections = 0;  // alive; guarded by mutex
};

// A thread and the connections that belong to it. Whatever is not said to be for any thread runs on
// this one.
class HttpWorker {
 public:
  explicit HttpWorker(HttpShared& shared);
  ~HttpWorker();

  HttpWorker(const HttpWorker&) = delete;
  HttpWorker& operator=(const HttpWorker&) = delete;

  // Ends the thread. Needs all connections gone.
  void Stop();

  asio::io_context& io() { return io_; }
  HttpShared& shared() { return shared_; }

  // Takes a new connection over, or refuses it if there are too many. Any thread.
  void Adopt(asio::ip::tcp::socket socket);

  // Closes idle connections; the others close once they have answered. Any thread.
  void DrainAll();

  // Closes all connections. Any thread.
  void CutAll();

  // For connections to be found by sweeps, from their construction to their destruction.
  void Add(HttpConnection* connection) { connections_.insert(connection); }
  void Remove(HttpConnection* connection) { connections_.erase(connection); }

  // The time as the Date header has it (RFC 9110 section 5.6.7).
  const std::string& Date();

 private:
  void AdoptHere(asio::ip::tcp::socket socket);
  void Sweep();
  template <typename Action>
  void ForEach(Action action);

  HttpShared& shared_;
  std::unordered_set<HttpConnection*> connections_;
  std::string date_;
  std::time_t date_second_ = 0;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweep_;
  std::thread thread_;
};

}  // namespace tidemark::gateway
