#include "common/obs/http_probes.h"

#include <CivetServer.h>
#include <prometheus/text_serializer.h>

#include <atomic>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/obs/log.h"

namespace tidemark::obs {
namespace {

struct Page {
  int status = 200;
  std::string type;
  std::string body;
};

// Serves one path.
class Handler final : public CivetHandler {
 public:
  explicit Handler(std::function<Page()> make) : make_(std::move(make)) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    const Page page = make_();
    const std::string head = absl::StrCat(
        "HTTP/1.1 ", page.status, " ", mg_get_response_code_text(connection, page.status),
        "\r\nContent-Type: ", page.type, "\r\nContent-Length: ", page.body.size(),
        "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
    mg_write(connection, head.data(), head.size());
    mg_write(connection, page.body.data(), page.body.size());
    return true;
  }

 private:
  const std::function<Page()> make_;
};

Page MetricsPage(const std::vector<const prometheus::Collectable*>& collectables) {
  std::vector<prometheus::MetricFamily> families;
  for (const prometheus::Collectable* collectable : collectables) {
    auto more = collectable->Collect();
    families.insert(families.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  }
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          prometheus::TextSerializer().Serialize(families)};
}

Page ReadyPage(const Readiness::Report& report) {
  nlohmann::ordered_json page = {{"ready", report.ready},
                                 {"checks", nlohmann::ordered_json::array()}};
  for (const Readiness::Result& result : report.results) {
    page["checks"].push_back({{"name", result.name},
                              {"ok", result.status.ok()},
                              {"message", std::string(result.status.message())}});
  }
  return {report.ready ? 200 : 503, "application/json",
          page.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

int LogMessage(const mg_connection*, const char* message) {
  Log(Level::kWarning, "The probes' HTTP server has a problem.", {{"problem", message}});
  return 1;
}

std::string PortSpec(const HttpProbes::Options& options) {
  if (options.host.empty()) return absl::StrCat(options.port);
  const bool ipv6 = options.host.find(':') != std::string::npos;
  return absl::StrCat(ipv6 ? "[" : "", options.host, ipv6 ? "]:" : ":", options.port);
}

}  // namespace

struct HttpProbes::Impl {
  std::string host;  // to connect to
  Handler metrics;
  Handler live;
  Handler ready;
  CivetCallbacks callbacks;
  std::unique_ptr<CivetServer> server;  // last: its threads use the others
};

absl::StatusOr<std::unique_ptr<HttpProbes>> HttpProbes::Start(
    const Options& options, std::vector<const prometheus::Collectable*> collectables,
    std::function<Readiness::Report()> readiness) {
  std::unique_ptr<Impl> impl(new Impl{
      options.host.empty() || options.host == "0.0.0.0" ? "127.0.0.1" : options.host,
      Handler([collectables = std::move(collectables)] { return MetricsPage(collectables); }),
      Handler([] {
        return Page{200, "text/plain", "ok\n"};
      }),
      Handler([readiness = std::move(readiness)] { return ReadyPage(readiness()); })});
  impl->callbacks.log_message = LogMessage;
  const std::string port = PortSpec(options);
  // Slow clients hold a thread until the timeout: few threads, short timeout.
  const std::vector<std::string> settings = {"listening_ports",    port,  "num_threads", "4",
                                             "request_timeout_ms", "2000"};
  try {
    impl->server = std::make_unique<CivetServer>(settings, &impl->callbacks);
  } catch (const CivetException&) {
    return absl::UnavailableError(
        absl::StrCat("can't listen on ", port, " for metrics; --metrics-listen chooses another"));
  }
  impl->server->addHandler("/metrics$", impl->metrics);
  impl->server->addHandler("/livez$", impl->live);
  impl->server->addHandler("/readyz$", impl->ready);
  return std::unique_ptr<HttpProbes>(new HttpProbes(std::move(impl)));
}

HttpProbes::HttpProbes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpProbes::~HttpProbes() {
  // Civetweb's accept loop looks every 2 s whether it shall stop, and after each connection:
  // connect.
  std::atomic<bool> stopped = false;
  std::thread waker([this, &stopped, port = port()] {
    while (!stopped) {
      char error[64];
      mg_connection* connection =
          mg_connect_client(impl_->host.c_str(), port, 0, error, sizeof(error));
      if (connection != nullptr) mg_close_connection(connection);
      absl::SleepFor(absl::Milliseconds(5));
    }
  });
  impl_->server->close();
  stopped = true;
  waker.join();
}

int HttpProbes::port() const { return impl_->server->getListeningPorts().front(); }

}  // namespace tidemark::obs
