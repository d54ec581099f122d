#include <optional>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/process.h"
#include "services/stream_config/config.h"
#include "services/stream_config/rpc/grpc_datasets.h"
#include "services/stream_config/rpc/grpc_publishers.h"
#include "services/stream_config/rpc/grpc_push_services.h"
#include "services/stream_config/rpc/purger.h"
#include "services/stream_config/rpc/stream_config_rpc.h"
#include "services/stream_config/store/pool_feed.h"
#include "services/stream_config/store/postgres_store.h"
#include "tidemark/stream_config/migrations.h"

namespace tidemark::stream_config {
namespace {

constexpr std::size_t kQueuedCalls = 256;
constexpr absl::Duration kCheckTime = absl::Seconds(1);

absl::Status Serve(const Config& config, rpc::Process& process) {
  PostgresStore store(pg::ConnectTo(config.database, "tidemark-stream-config"), config.connections);
  PostgresStore feed_store(pg::ConnectTo(config.database, "tidemark-stream-config feed"), 1);
  GrpcDatasets datasets(rpc::MakeChannel(config::FormatAddress(config.dataset)), SystemRandom());
  std::optional<GrpcPublishers> publishers;
  if (config.check_streams) {
    publishers.emplace(rpc::MakeChannel(config::FormatAddress(config.publisher)), SystemRandom());
  }
  std::optional<GrpcPushServices> push_services;
  if (config.check_push) {
    push_services.emplace(rpc::MakeChannel(config::FormatAddress(config.push)), SystemRandom());
  }
  Executor executor(config.connections, kQueuedCalls);
  Executor dataset_executor(config.connections, kQueuedCalls);
  PoolFeed feed(feed_store, {.poll_interval = config.poll_interval}, process.metrics());
  const Purger purger(store, datasets, SystemClock(), {}, process.metrics());

  const Backend backend{store,
                        feed,
                        datasets,
                        publishers ? &*publishers : nullptr,
                        push_services ? &*push_services : nullptr,
                        executor,
                        dataset_executor,
                        SystemClock(),
                        SystemRandom(),
                        *config.keyring,
                        config.installation.region};
  StreamConfigRpc service(backend, process.calls_options(), process.metrics());
  return process.Serve({&service},
                       {{"pools", [&] { return feed.Ready(); }},
                        {"database", [&] { return store.Check(absl::Now() + kCheckTime); }}});
}

}  // namespace
}  // namespace tidemark::stream_config

int main(int argc, char** argv) {
  namespace stream_config = tidemark::stream_config;
  stream_config::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "stream-config",
       .about = "Tidemark's identity pools and their settings.",
       .port = 7002,
       .metrics_port = 9102,
       .declare = [&](auto& options) { stream_config::Declare(options, config); },
       .serve = [&](auto& process) { return stream_config::Serve(config, process); },
       .migrate =
           [&] {
             return tidemark::pg::RunMigrations(config.database, stream_config::Migrations());
           }});
}
