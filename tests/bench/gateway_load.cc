// Load on the gateway's HTTP API: a fixed number of keep-alive connections with one request in
// flight each, all requests signed before the clock starts. Each connection has identities of its
// own and is their only writer, so that the counts of all its updates are known beforehand. Prints
// one line of JSON:
//   {"calls_per_second": ..., "p50_ms": ..., "p99_ms": ..., "errors": ...}
#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/aws/sigv4.h"
#include "tests/bench/load_report.h"

namespace tidemark::bench {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

struct Settings {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string pool;
  std::string operation = "update";  // or "list"
  std::string access_key_id = "test";
  std::string secret = "test";
  std::string region = "us-east-1";
  int in_flight = 64;
  int identities = 4;  // of each connection
  int records = 20;    // of each dataset
  int value_bytes = 100;
  int most_per_second = 20'000;  // updates signed for each second
  double seconds = 5;
};

// Makes requests as they stand on the wire.
class Requests {
 public:
  explicit Requests(const Settings& settings)
      : settings_(settings), signer_(settings.region, "cognito-sync") {}

  std::string List(const std::string& identity) {
    return Signed("GET", absl::StrCat(Path(identity), "/records"), "");
  }

  // An update of `records` records of which the server holds `count`.
  std::string Update(const std::string& identity, const std::string& token, int records,
                     std::int64_t count) {
    std::string body = absl::StrCat(R"({"SyncSessionToken":")", token, R"(","RecordPatches":[)");
    for (int i = 0; i < records; ++i) {
      absl::StrAppend(&body, i == 0 ? "" : ",", R"({"Op":"replace","Key":"key-)", i,
                      R"(","Value":")", std::string(settings_.value_bytes, 'v'),
                      R"(","SyncCount":)", count, "}");
    }
    body += "]}";
    return Signed("POST", Path(identity), body);
  }

 private:
  std::string Path(const std::string& identity) const {
    return absl::StrCat("/identitypools/", aws::UriEncode(settings_.pool), "/identities/",
                        aws::UriEncode(identity), "/datasets/bench");
  }

  std::string Signed(const std::string& method, const std::string& target,
                     const std::string& body) {
    const auto endpoint =
        aws::Endpoint::Parse(absl::StrCat("http://", settings_.host, ":", settings_.port));
    aws::HttpRequest request{
        .method = method,
        .endpoint = endpoint.value(),
        .target = target,
        .headers = {{"Content-Type", "application/json"},
                    {"User-Agent", "gateway-load"},
                    {"Amz-Sdk-Invocation-Id", absl::StrCat("gateway-load-", ++number_)}},
        .body = body};
    signer_.Sign(
        {.access_key_id = settings_.access_key_id, .secret_access_key = Secret(settings_.secret)},
        absl::Now(), request);
    std::string bytes = absl::StrCat(method, " ", target, " HTTP/1.1\r\n");
    for (const auto& header : request.headers) {
      absl::StrAppend(&bytes, header.name, ": ", header.value, "\r\n");
    }
    return absl::StrCat(bytes, "Content-Length: ", body.size(), "\r\n\r\n", body);
  }

  const Settings& settings_;
  aws::SigV4Signer signer_;
  std::int64_t number_ = absl::ToUnixMicros(absl::Now()) * 1000;  // unlike those of other runs
};

// A keep-alive connection. Fails by exception: a load program has nothing to mend.
class Connection {
 public:
  Connection(asio::io_context& io, const Settings& settings) : socket_(io) {
    asio::connect(
        socket_, asio::ip::tcp::resolver(io).resolve(settings.host, std::to_string(settings.port)));
    socket_.set_option(asio::ip::tcp::no_delay(true));
  }

  // The body of the answer; for preparation.
  std::string Call(const std::string& request) {
    asio::write(socket_, asio::buffer(request));
    while (!Complete()) {
      std::size_t read = socket_.read_some(asio::buffer(chunk_));
      received_.append(chunk_.data(), read);
    }
    if (!Good()) throw std::runtime_error(received_);
    std::string body = received_.substr(received_.find("\r\n\r\n") + 4);
    received_.clear();
    return body;
  }

  // Sends `request`, which must live on; then calls `done(whether the answer is good)`.
  template <typename Done>
  void Start(const std::string& request, Done done) {
    asio::async_write(socket_, asio::buffer(request), [this, done](Error error, std::size_t) {
      if (error) throw boost::system::system_error(error);
      Receive(done);
    });
  }

 private:
  template <typename Done>
  void Receive(Done done) {
    socket_.async_read_some(asio::buffer(chunk_), [this, done](Error error, std::size_t read) {
      if (error) throw boost::system::system_error(error);
      received_.append(chunk_.data(), read);
      if (!Complete()) return Receive(done);
      const bool good = Good();
      if (!good) std::fprintf(stderr, "%s\n", received_.c_str());
      received_.clear();
      done(good);
    });
  }

  bool Complete() const {
    static constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t head = received_.find("\r\n\r\n");
    const std::size_t length = received_.find(kLength);
    if (head == std::string::npos || length > head) return false;
    const std::size_t begin = length + kLength.size();
    std::size_t size = 0;
    return absl::SimpleAtoi(received_.substr(begin, received_.find('\r', begin) - begin), &size) &&
           received_.size() >= head + 4 + size;
  }

  bool Good() const { return received_.starts_with("HTTP/1.1 200 "); }

  asio::ip::tcp::socket socket_;
  std::array<char, 65536> chunk_{};
  std::string received_;
};

// One connection and its requests, one in flight at a time.
class Slot {
 public:
  Slot(asio::io_context& io, const Settings& settings, Requests& requests, int number)
      : connection_(io, settings) {
    // Identities differ between runs, so that a run finds no datasets of another.
    const std::int64_t run = absl::ToUnixMillis(absl::Now());
    std::vector<std::string> identities;
    std::vector<std::string> tokens;
    for (int i = 0; i < settings.identities; ++i) {
      identities.push_back(
          absl::StrCat("us-east-1:", absl::Hex(run), "-", absl::Hex(number), "-", absl::Hex(i)));
      const auto listed = nlohmann::json::parse(connection_.Call(requests.List(identities[i])));
      tokens.push_back(listed["SyncSessionToken"].get<std::string>());
      connection_.Call(requests.Update(identities[i], tokens[i], settings.records, 0));
    }
    if (settings.operation == "list") {
      for (const std::string& identity : identities) requests_.push_back(requests.List(identity));
      return;
    }
    repeat_ = false;
    const int most =
        static_cast<int>(settings.most_per_second * settings.seconds) / settings.in_flight;
    for (int i = 0; i < most; ++i) {
      const int identity = i % settings.identities;
      requests_.push_back(
          requests.Update(identities[identity], tokens[identity], 1, 1 + i / settings.identities));
    }
  }

  // Calls until `stop`. Throws if there was not enough signed beforehand.
  void Start(const bool& stop) {
    if (stop) return;
    if (!repeat_ && next_ == requests_.size()) throw std::runtime_error("raise --most-per-second");
    const absl::Time begin = absl::Now();
    connection_.Start(requests_[next_++ % requests_.size()], [this, &stop, begin](bool good) {
      millis_.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
      errors_ += good ? 0 : 1;
      Start(stop);
    });
  }

  const std::vector<double>& millis() const { return millis_; }
  int errors() const { return errors_; }

 private:
  Connection connection_;
  std::vector<std::string> requests_;
  bool repeat_ = true;
  std::size_t next_ = 0;
  std::vector<double> millis_;
  int errors_ = 0;
};

int Run(const Settings& settings) {
  asio::io_context io(1);
  Requests requests(settings);
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < settings.in_flight; ++i) {
    slots.push_back(std::make_unique<Slot>(io, settings, requests, i));
  }
  bool stop = false;
  asio::steady_timer timer(io, absl::ToChronoNanoseconds(absl::Seconds(settings.seconds)));
  timer.async_wait([&stop](Error) { stop = true; });
  const absl::Time begin = absl::Now();
  for (const auto& slot : slots) slot->Start(stop);
  io.run();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return Report(slots, seconds);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  tidemark::bench::Settings settings;
  CLI::App app{"Load on the gateway."};
  app.add_option("--host", settings.host, "of the gateway");
  app.add_option("--port", settings.port, "of the gateway");
  app.add_option("--pool", settings.pool, "an identity pool that exists")->required();
  app.add_option("--operation", settings.operation)->check(CLI::IsMember({"update", "list"}));
  app.add_option("--access-key-id", settings.access_key_id, "of a developer");
  app.add_option("--secret", settings.secret, "its secret access key");
  app.add_option("--region", settings.region);
  app.add_option("--in-flight", settings.in_flight, "connections")->check(CLI::Range(1, 4096));
  app.add_option("--identities", settings.identities, "of each connection")
      ->check(CLI::Range(1, 1000));
  app.add_option("--records", settings.records, "of each dataset")->check(CLI::Range(1, 1024));
  app.add_option("--value-bytes", settings.value_bytes)->check(CLI::Range(0, 100'000));
  app.add_option("--most-per-second", settings.most_per_second, "updates signed for each second")
      ->check(CLI::Range(100, 1'000'000));
  app.add_option("--seconds", settings.seconds)->check(CLI::Range(0.1, 600.0));
  CLI11_PARSE(app, argc, argv);
  try {
    return tidemark::bench::Run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
