// sns-load: how many calls of Publish a second an SNS takes from the client that the publisher uses
// too: the baseline of its pushes. Prints one line of JSON:
//   {"pushes_per_second": ...}
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/aws/credentials.h"
#include "common/aws/http.h"
#include "common/aws/sns.h"
#include "common/base/clock.h"

namespace tidemark::bench {
namespace {

struct Flags {
  std::string url;
  std::vector<std::string> endpoints;
  std::string message = R"({"default":"x"})";
  int in_flight = 128;
  int seconds = 5;
};

// Keeps so many calls under way, to the endpoints by turns.
class Load {
 public:
  Load(const Flags& flags, aws::HttpTransport& transport)
      : flags_(flags),
        client_("us-east-1", aws::Endpoint::Parse(flags.url).value(), transport,
                std::make_shared<aws::StaticCredentials>(
                    aws::Credentials{"test", Secret("test"), Secret(), absl::InfiniteFuture()}),
                SystemClock()),
        until_(absl::Now() + absl::Seconds(flags.seconds)) {}

  int Run() {
    running_ = flags_.in_flight;
    for (int i = 0; i < flags_.in_flight; ++i) Publish(i);
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
    return calls_;
  }

 private:
  void Publish(int number) {
    const std::string& endpoint =
        flags_.endpoints[static_cast<std::size_t>(number) % flags_.endpoints.size()];
    client_.Publish(endpoint, flags_.message, {}, [this](std::optional<aws::CallError> error) {
      if (error) {
        std::fprintf(stderr, "a call failed: %s\n", error->message.c_str());
        std::exit(1);
      }
      int next = 0;
      {
        const std::lock_guard lock(mutex_);
        next = ++calls_;
        if (absl::Now() >= until_) {
          if (--running_ == 0) idle_.notify_all();
          return;
        }
      }
      Publish(next);
    });
  }

  const Flags& flags_;
  const aws::SnsClient client_;
  const absl::Time until_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;  // guarded by mutex_
  int calls_ = 0;    // guarded by mutex_
};

int Run(const Flags& flags) {
  const auto transport = aws::CurlTransport::Start({.max_connections_per_host = flags.in_flight,
                                                    .max_connections = flags.in_flight})
                             .value();
  const absl::Time began = absl::Now();
  const int calls = Load(flags, *transport).Run();
  std::printf("{\"pushes_per_second\": %.0f}\n",
              calls / absl::ToDoubleSeconds(absl::Now() - began));
  return 0;
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  CLI::App app{"Measures how many calls of Publish a second an SNS takes"};
  tidemark::bench::Flags flags;
  app.add_option("--url", flags.url, "endpoint, http://HOST:PORT")->required();
  app.add_option("--endpoint", flags.endpoints, "ARN of a platform endpoint; may be repeated")
      ->required();
  app.add_option("--message", flags.message, "the Message, a JSON object");
  app.add_option("--in-flight", flags.in_flight, "calls under way")->check(CLI::Range(1, 256));
  app.add_option("--seconds", flags.seconds, "how long")->check(CLI::Range(1, 600));
  CLI11_PARSE(app, argc, argv);
  return tidemark::bench::Run(flags);
}
