// kinesis-sink-bench: how many records a second a Kinesis endpoint takes, by default the fake AWS
// in this very process. With prepared requests it measures the sink, the baseline of the
// publisher's benchmark; with --client the Kinesis client on top: base64, signature, answers read.
// Prints one line of JSON:
//   {"records_per_second": ..., "calls_per_second": ...}
#include <CLI/CLI.hpp>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/aws/kinesis.h"
#include "common/testing/fake_aws/fake_aws.h"
#include "common/testing/fake_aws/kinesis_tool.h"

namespace tidemark::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr const char* kStream = "kinesis-sink-bench";

struct Flags {
  std::string url;
  int connections = 4;
  int batch = 500;
  std::size_t record_bytes = 200;
  int seconds = 5;
  bool client = false;
};

// A batch of records, each with a key of its own that looks like an identity id.
class Batch {
 public:
  Batch(int size, std::size_t record_bytes) : data_(record_bytes, 'x') {
    for (int i = 0; i < size; ++i) {
      keys_.push_back(
          absl::StrCat("us-east-1:00000000-0000-4000-8000-", absl::Dec(i, absl::kZeroPad12)));
    }
    for (const std::string& key : keys_) entries_.push_back({data_, key});
  }
  Batch(const Batch&) = delete;

  const std::vector<aws::PutRecordsEntry>& entries() const { return entries_; }

 private:
  const std::string data_;
  std::vector<std::string> keys_;
  std::vector<aws::PutRecordsEntry> entries_;
};

// The signed request, byte for byte.
std::string PreparedRequest(const aws::Endpoint& endpoint, const Batch& batch) {
  aws::HttpRequest request{.method = "POST",
                           .endpoint = endpoint,
                           .target = "/",
                           .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                       {"X-Amz-Target", "Kinesis_20131202.PutRecords"}},
                           .body = aws::PutRecordsBody(kStream, batch.entries())};
  aws::SigV4Signer("us-east-1", "kinesis")
      .Sign({"test", Secret("test"), Secret(), absl::InfiniteFuture()}, absl::Now(), request);
  std::string text = "POST / HTTP/1.1\r\n";
  for (const aws::HttpHeader& header : request.headers) {
    absl::StrAppend(&text, header.name, ": ", header.value, "\r\n");
  }
  return absl::StrCat(text, "Content-Length: ", request.body.size(), "\r\n\r\n", request.body);
}

// Sends `request` over one connection again and again until `until`; returns how often.
int SendPrepared(const aws::Endpoint& endpoint, const std::string& request, absl::Time until) {
  const std::string& host = endpoint.host();
  const std::size_t colon = host.rfind(':');
  asio::io_context context;
  asio::ip::tcp::resolver resolver(context);
  asio::ip::tcp::socket socket(context);
  asio::connect(socket, resolver.resolve(host.substr(0, colon), host.substr(colon + 1)));
  socket.set_option(asio::ip::tcp::no_delay(true));
  boost::beast::flat_buffer buffer;
  int calls = 0;
  for (; absl::Now() < until; ++calls) {
    asio::write(socket, asio::buffer(request));
    http::response<http::string_body> response;
    http::read(socket, buffer, response);
    if (response.result_int() != 200) {
      std::fprintf(stderr, "%s\n", response.body().c_str());
      std::exit(1);
    }
  }
  return calls;
}

int RunPrepared(const Flags& flags, const aws::Endpoint& endpoint, const Batch& batch) {
  const std::string request = PreparedRequest(endpoint, batch);
  const absl::Time until = absl::Now() + absl::Seconds(flags.seconds);
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < flags.connections; ++i) {
    threads.emplace_back([&] { calls += SendPrepared(endpoint, request, until); });
  }
  for (std::thread& thread : threads) thread.join();
  return calls;
}

// Keeps `connections` calls under way through the client.
class ClientRun {
 public:
  ClientRun(const aws::Endpoint& endpoint, fake_aws::KinesisTool& tool, const Batch& batch,
            absl::Time until)
      : client_("us-east-1", endpoint, tool.transport(), tool.credentials(), SystemClock()),
        batch_(batch),
        until_(until) {}

  int Run(int concurrency) {
    running_ = concurrency;
    for (int i = 0; i < concurrency; ++i) Put();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
    return calls_;
  }

 private:
  void Put() {
    client_.PutRecords(kStream, batch_.entries(), {}, [this](const aws::PutRecordsResult& result) {
      if (result.error || result.failed > 0) {
        std::fprintf(stderr, "a call failed\n");
        std::exit(1);
      }
      {
        const std::lock_guard lock(mutex_);
        ++calls_;
        if (absl::Now() >= until_) {
          if (--running_ == 0) idle_.notify_all();
          return;
        }
      }
      Put();
    });
  }

  const aws::KinesisClient client_;
  const Batch& batch_;
  const absl::Time until_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;  // guarded by mutex_
  int calls_ = 0;    // guarded by mutex_
};

int Run(Flags flags) {
  std::unique_ptr<fake_aws::FakeAws> fake;
  if (flags.url.empty()) {
    fake = fake_aws::FakeAws::Start({.kinesis = {.keep = fake_aws::Keep::kCounts}}).value();
    flags.url = fake->Url();
  }
  const aws::Endpoint endpoint = aws::Endpoint::Parse(flags.url).value();
  fake_aws::KinesisTool tool(flags.url);
  if (const absl::Status status = tool.CreateStream(kStream); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  const Batch batch(flags.batch, flags.record_bytes);
  const absl::Time began = absl::Now();
  const int calls = flags.client
                        ? ClientRun(endpoint, tool, batch, began + absl::Seconds(flags.seconds))
                              .Run(flags.connections)
                        : RunPrepared(flags, endpoint, batch);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  std::printf("{\"records_per_second\": %.0f, \"calls_per_second\": %.1f}\n",
              calls * flags.batch / seconds, calls / seconds);
  return tool.DeleteStream(kStream).ok() ? 0 : 1;
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  CLI::App app{"Measures how many records a second a Kinesis endpoint takes"};
  tidemark::bench::Flags flags;
  app.add_option("--url", flags.url, "endpoint, http://HOST:PORT; absent: a fake of its own");
  app.add_option("--connections", flags.connections, "connections, each with one call under way")
      ->check(CLI::Range(1, 64));
  app.add_option("--batch", flags.batch, "records per call")->check(CLI::Range(1, 500));
  app.add_option("--record-bytes", flags.record_bytes, "data per record")
      ->check(CLI::Range(0, 9000));
  app.add_option("--seconds", flags.seconds, "how long")->check(CLI::Range(1, 600));
  app.add_flag("--client", flags.client, "go through the Kinesis client");
  CLI11_PARSE(app, argc, argv);
  return tidemark::bench::Run(flags);
}
