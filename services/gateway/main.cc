// tidemark-gateway: Amazon Cognito Sync's HTTP API in front of the services.
#include <memory>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rpc/process.h"
#include "services/gateway/config.h"
#include "services/gateway/http/server.h"
#include "services/gateway/wire/authenticator.h"
#include "services/gateway/wire/developer_keys.h"
#include "services/gateway/wire/gateway.h"
#include "services/gateway/wire/services.h"

namespace tidemark::gateway {
namespace {

absl::Status Serve(const Config& config, rpc::Process& process) {
  TM_ASSIGN_OR_RETURN(const std::unique_ptr<DeveloperKeys> keys,
                      DeveloperKeys::Open(config.credentials_file));
  TM_ASSIGN_OR_RETURN(Cors cors, Cors::Parse(config.cors_origins));
  Authenticator authenticator(
      {.region = config.installation.region, .max_clock_skew = config.max_clock_skew},
      SystemClock(), *keys);
  Services services({.dataset_address = config::FormatAddress(config.dataset),
                     .stream_config_address = config::FormatAddress(config.stream_config),
                     .timeout = config.call_timeout},
                    SystemRandom());
  Gateway gateway({.account_id = config.installation.account_id, .cors = std::move(cors)},
                  authenticator, services, SystemRandom(), process.metrics());
  TM_ASSIGN_OR_RETURN(
      const std::unique_ptr<HttpServer> server,
      HttpServer::Start(
          {.listen = process.config().listen, .threads = config.threads, .limits = config.limits},
          gateway, process.metrics()));
  return process.Serve(*server, services.Checks());
}

}  // namespace
}  // namespace tidemark::gateway

int main(int argc, char** argv) {
  tidemark::gateway::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "gateway",
       .about = "Serves Amazon Cognito Sync's HTTP API from Tidemark's services.",
       .port = 8080,
       .metrics_port = 9106,
       .declare = [&](auto& options) { tidemark::gateway::Declare(options, config); },
       .serve = [&](auto& process) { return tidemark::gateway::Serve(config, process); }});
}
