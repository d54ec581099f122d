#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/aws/base_credentials.h"
#include "common/aws/endpoint.h"
#include "common/aws/http.h"
#include "common/aws/role_credentials.h"
#include "common/aws/sns.h"
#include "common/aws/sts.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/pools/pool_watch.h"
#include "common/rpc/channel.h"
#include "common/rpc/process.h"
#include "services/push/config.h"
#include "services/push/rpc/eraser.h"
#include "services/push/rpc/grpc_neighbours.h"
#include "services/push/rpc/push_rpc.h"
#include "services/push/rpc/target_rpc.h"
#include "services/push/sns/sns_endpoints.h"
#include "services/push/store/postgres_read_store.h"
#include "services/push/store/postgres_write_store.h"
#include "tidemark/push/migrations.h"

namespace tidemark::push {
namespace {

constexpr std::size_t kQueuedCalls = 1024;
constexpr absl::Duration kCheckTime = absl::Seconds(1);

// The clients of AWS, which share connections and base credentials.
class Aws {
 public:
  static absl::StatusOr<std::unique_ptr<Aws>> Start(const Config& config,
                                                    prometheus::Registry& registry) {
    TM_ASSIGN_OR_RETURN(auto transport, aws::CurlTransport::Start({}));
    TM_ASSIGN_OR_RETURN(aws::CredentialsPlace place, aws::PlaceOf(config.base));
    return std::unique_ptr<Aws>(new Aws(config, std::move(transport), std::move(place), registry));
  }

  Endpoints& endpoints() { return endpoints_; }

 private:
  Aws(const Config& config, std::unique_ptr<aws::CurlTransport> transport,
      aws::CredentialsPlace place, prometheus::Registry& registry)
      : metrics_(registry),
        transport_(std::move(transport)),
        region_(config.installation.region),
        sts_endpoint_(
            aws::Endpoint::OfOption(config.sts_endpoint, "sts", config.installation.region)),
        base_(aws::ProvideFrom(std::move(place), {.transport = *transport_,
                                                  .clock = SystemClock(),
                                                  .random = SystemRandom(),
                                                  .region = region_,
                                                  .sts = sts_endpoint_})),
        sts_(region_, sts_endpoint_, *transport_, base_, SystemClock()),
        roles_({.patience = config.role_patience}, sts_,
               {.wall = SystemClock(), .boottime = BoottimeClock()}, SystemRandom()),
        endpoints_({.call_time = config.sns_timeout},
                   {.sns = aws::SnsClient(region_,
                                          aws::Endpoint::OfOption(config.sns_endpoint, "sns",
                                                                  config.installation.region),
                                          *transport_, base_, SystemClock()),
                    .sts = sts_,
                    .roles = config.assume_roles ? &roles_ : nullptr,
                    .metrics = metrics_}) {}

  SnsMetrics metrics_;
  const std::unique_ptr<aws::CurlTransport> transport_;
  const std::string region_;
  const aws::Endpoint sts_endpoint_;
  const std::shared_ptr<aws::CredentialsProvider> base_;
  const aws::StsClient sts_;
  aws::RoleCredentials roles_;
  SnsEndpoints endpoints_;
};

absl::Status Serve(const Config& config, rpc::Process& process) {
  pools::PoolDirectory directory;
  const auto stream_config = rpc::MakeChannel(config::FormatAddress(config.stream_config));
  const pools::PoolWatch watch(stream_config, directory, {.service = "push"}, SystemRandom(),
                               process.metrics());
  GrpcPoolList pool_list(stream_config, SystemRandom());
  GrpcDatasets datasets(rpc::MakeChannel(config::FormatAddress(config.dataset)), SystemRandom());
  PostgresReadStore reads(pg::ConnectTo(config.database, "tidemark-push read"), config.read_lanes);
  PostgresWriteStore writes(pg::ConnectTo(config.database, "tidemark-push write"),
                            config.connections);
  PostgresWriteStore upkeep(pg::ConnectTo(config.database, "tidemark-push upkeep"), 1);
  PostgresWriteStore check(pg::ConnectTo(config.database, "tidemark-push check"), 1);
  Executor executor(config.connections, kQueuedCalls);
  TM_ASSIGN_OR_RETURN(const auto aws, Aws::Start(config, process.metrics()));
  const Eraser eraser(upkeep, pool_list, directory, {.interval = config.erase_interval},
                      process.metrics());

  const Backend backend{.reads = reads,
                        .writes = writes,
                        .executor = executor,
                        .endpoints = aws->endpoints(),
                        .datasets = datasets,
                        .pools = directory,
                        .clock = SystemClock()};
  PushRpc push_rpc(backend, process.calls_options(), process.metrics());
  PushTargetRpc target_rpc(backend, process.calls_options(), process.metrics());
  return process.Serve({&push_rpc, &target_rpc},
                       {{"pools", [&] { return directory.Ready(); }},
                        {"database", [&] { return check.Check(absl::Now() + kCheckTime); }}});
}

}  // namespace
}  // namespace tidemark::push

int main(int argc, char** argv) {
  namespace push = tidemark::push;
  push::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "push",
       .about = "Tidemark's devices: whom to tell of a change.",
       .port = 7004,
       .metrics_port = 9104,
       .declare = [&](auto& options) { push::Declare(options, config); },
       .serve = [&](auto& process) { return push::Serve(config, process); },
       .migrate =
           [&] { return tidemark::pg::RunMigrations(config.database, push::Migrations()); }});
}
