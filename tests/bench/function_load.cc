// Calls a sync trigger's function by itself, one call after the other, with the event of a dataset
// as dataset-load makes it. Prints one line of JSON: {"calls_per_second": ..., "p50_ms": ...}
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/aws/credentials.h"
#include "common/aws/endpoint.h"
#include "common/aws/http.h"
#include "common/aws/lambda.h"
#include "common/base/clock.h"
#include "services/dataset/trigger/event.h"

namespace tidemark::bench {
namespace {

struct Settings {
  std::string endpoint;
  std::string function;
  int records = 20;
  int value_bytes = 100;
  double seconds = 5;
};

std::string EventOf(const Settings& settings) {
  dataset::DatasetView view{.generation = dataset::Generation(1)};
  const std::string value(settings.value_bytes, 'v');
  for (int i = 0; i < settings.records; ++i) {
    view.records.push_back({.key = absl::StrCat("key-", i), .value = value});
  }
  std::ranges::sort(view.records, {}, &dataset::Record::key);
  dataset::UpdateRequest request;
  request.dataset = {dataset::IdentityKey::Of("us-east-1:0a", "us-east-1:1b"), "bench"};
  request.patches = {{"key-0", value, dataset::SyncCount(1), std::nullopt}};
  return dataset::WriteEvent("us-east-1", request, view);
}

// Milliseconds of one call; -1 for a failure, which is printed.
double Invoke(const aws::LambdaClient& lambda, const Settings& settings, const std::string& event) {
  const absl::Time begin = absl::Now();
  std::promise<aws::InvokeResult> promise;
  lambda.Invoke(settings.function, event, {},
                [&promise](aws::InvokeResult result) { promise.set_value(std::move(result)); });
  const aws::InvokeResult result = promise.get_future().get();
  if (const auto* error = std::get_if<aws::CallError>(&result)) {
    std::fprintf(stderr, "%s\n", absl::StrCat(error->code, ": ", error->message).c_str());
    return -1;
  }
  return absl::ToDoubleMilliseconds(absl::Now() - begin);
}

int Run(const Settings& settings) {
  const auto transport = aws::CurlTransport::Start({}).value();
  const aws::LambdaClient lambda("us-east-1", aws::Endpoint::Parse(settings.endpoint).value(),
                                 *transport,
                                 std::make_shared<aws::StaticCredentials>(aws::Credentials{
                                     .access_key_id = "test", .secret_access_key = Secret("test")}),
                                 SystemClock());
  const std::string event = EventOf(settings);
  std::vector<double> millis;
  const absl::Time begin = absl::Now();
  while (absl::Now() - begin < absl::Seconds(settings.seconds)) {
    millis.push_back(Invoke(lambda, settings, event));
    if (millis.back() < 0) return 1;
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  std::ranges::sort(millis);
  const nlohmann::json line = {{"calls_per_second", static_cast<double>(millis.size()) / seconds},
                               {"p50_ms", millis[millis.size() / 2]}};
  std::printf("%s\n", line.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  tidemark::bench::Settings settings;
  CLI::App app{"Calls of one function."};
  app.add_option("--lambda-endpoint", settings.endpoint, "as http://host:port")->required();
  app.add_option("--function", settings.function, "its ARN")->required();
  app.add_option("--records", settings.records, "of the event")->check(CLI::Range(1, 1024));
  app.add_option("--value-bytes", settings.value_bytes)->check(CLI::Range(0, 100'000));
  app.add_option("--seconds", settings.seconds)->check(CLI::Range(0.1, 600.0));
  CLI11_PARSE(app, argc, argv);
  return tidemark::bench::Run(settings);
}
