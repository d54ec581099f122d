#include "services/dataset/trigger_wiring.h"

#include <optional>
#include <utility>

#include "common/aws/base_credentials.h"
#include "common/aws/endpoint.h"
#include "common/aws/lambda.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace tidemark::dataset {
namespace {

constexpr int kThreads = 2;
// An answer of a bit more than Lambda allows still gets an error that says how large it is.
constexpr std::size_t kMaxAnswer = 8 * kMiB;

std::unique_ptr<Functions> FunctionsOf(const Config& config,
                                       std::optional<aws::CredentialsPlace> place,
                                       aws::HttpTransport& transport) {
  if (!place) return std::make_unique<NoFunctions>();
  const std::string& region = config.installation.region;
  return std::make_unique<LambdaFunctions>(aws::LambdaClient(
      region, aws::Endpoint::OfOption(config.lambda_endpoint, "lambda", region), transport,
      aws::ProvideFrom(*std::move(place),
                       {.transport = transport,
                        .clock = SystemClock(),
                        .random = SystemRandom(),
                        .region = region,
                        .sts = aws::Endpoint::OfOption(config.sts_endpoint, "sts", region)}),
      SystemClock()));
}

Bulkhead::Limits LimitsOf(const Config& config) {
  return {.calls_per_pool = config.trigger_calls_per_pool,
          .calls = config.trigger_calls,
          .bytes_per_pool = config.trigger_memory / 4,
          .bytes = config.trigger_memory};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Triggers>> Triggers::Start(const Config& config, ReadStore& reads,
                                                          UpdateSink& updates, const Pools& pools,
                                                          prometheus::Registry& registry) {
  TM_ASSIGN_OR_RETURN(auto place, aws::PlaceIfAny(config.base));
  // Whoever has a place in the bulkhead has a connection: all functions are on one host, and none
  // waits for those of another pool.
  aws::CurlTransport::Options options;
  options.max_connections_per_host = config.trigger_calls;
  options.max_connections = config.trigger_calls + 1;  // STS
  options.max_response_bytes = kMaxAnswer;
  TM_ASSIGN_OR_RETURN(auto transport, aws::CurlTransport::Start(options));
  auto functions = FunctionsOf(config, std::move(place), *transport);
  return std::unique_ptr<Triggers>(new Triggers(config, std::move(transport), std::move(functions),
                                                reads, updates, pools, registry));
}

Triggers::Triggers(const Config& config, std::unique_ptr<aws::HttpTransport> transport,
                   std::unique_ptr<Functions> functions, ReadStore& reads, UpdateSink& updates,
                   const Pools& pools, prometheus::Registry& registry)
    : transport_(std::move(transport)),
      functions_(std::move(functions)),
      metrics_(registry),
      threads_(kThreads, static_cast<std::size_t>(config.trigger_calls)),
      sync_trigger_({reads, updates, *functions_, threads_, SystemClock(), metrics_,
                     config.installation.region,
                     [&pools](const std::string& id) { return RequirePool(pools, id).status(); }},
                    LimitsOf(config)) {}

}  // namespace tidemark::dataset
