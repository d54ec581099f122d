#include <algorithm>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/pg/migrate.h"
#include "common/pg/reconnector.h"
#include "common/pools/pool_watch.h"
#include "common/rpc/channel.h"
#include "common/rpc/process.h"
#include "services/dataset/background.h"
#include "services/dataset/config.h"
#include "services/dataset/rpc/admin_rpc.h"
#include "services/dataset/rpc/change_log_rpc.h"
#include "services/dataset/rpc/dataset_rpc.h"
#include "services/dataset/rpc/directory_pools.h"
#include "services/dataset/store/delete_lanes.h"
#include "services/dataset/store/postgres_admin_store.h"
#include "services/dataset/store/postgres_log_upkeep.h"
#include "services/dataset/store/postgres_read_store.h"
#include "services/dataset/store/postgres_snapshots.h"
#include "services/dataset/store/postgres_update_store.h"
#include "services/dataset/store/postgres_upkeep.h"
#include "services/dataset/store/shared_snapshots.h"
#include "services/dataset/store/write_lanes.h"
#include "services/dataset/trigger_wiring.h"
#include "tidemark/dataset/migrations.h"

namespace tidemark::dataset {
namespace {

// Executors' queues: merges, erasures and the like are rare.
constexpr std::size_t kAdminQueue = 256;
constexpr int kDeleteLanes = 2;
constexpr std::size_t kDeletesOfPool = 64;
constexpr std::size_t kExportQueue = 8;
constexpr std::size_t kSnapshotQueue = 64;
constexpr absl::Duration kCheckTime = absl::Seconds(1);

std::vector<std::unique_ptr<UpdateStore>> OpenUpdateStores(const Config& config) {
  std::vector<std::unique_ptr<UpdateStore>> stores;
  for (int i = 0; i < config.write_lanes; ++i) {
    stores.push_back(std::make_unique<PostgresUpdateStore>(
        pg::ConnectTo(config.database, "tidemark-dataset write")));
  }
  return stores;
}

std::vector<DeleteLanes::Delete> OpenDeleteStores(const Config& config) {
  std::vector<DeleteLanes::Delete> stores;
  for (int i = 0; i < kDeleteLanes; ++i) {
    const auto store = std::make_shared<PostgresAdminStore>(
        pg::ConnectTo(config.database, "tidemark-dataset delete"));
    stores.emplace_back([store](const DeleteRequest& request, absl::Time deadline) {
      return store->Delete(request, deadline);
    });
  }
  return stores;
}

std::vector<std::unique_ptr<SnapshotStore>> OpenSnapshotStores(const Config& config) {
  std::vector<std::unique_ptr<SnapshotStore>> stores;
  for (int i = 0; i < config.snapshot_lanes; ++i) {
    stores.push_back(std::make_unique<PostgresSnapshots>(
        pg::ConnectTo(config.database, "tidemark-dataset snapshot")));
  }
  return stores;
}

// Updates that wait, in all write lanes, take no more memory than this; but each lane has room for
// the largest request.
constexpr std::int64_t kQueuedMemory = 96 * kMiB;
constexpr std::int64_t kLargestRequest = 24 * kMiB;

pg::LaneLimits LaneLimitsOf(const Config& config) {
  pg::LaneLimits limits;
  limits.queued_memory = std::max(kQueuedMemory / config.write_lanes, kLargestRequest);
  limits.batch_jobs = static_cast<std::size_t>(config.batch_requests);
  limits.queued = static_cast<std::size_t>(config.lane_queue);
  limits.queued_per_pool = static_cast<std::size_t>(config.pool_queue);
  return limits;
}

UpkeepOptions UpkeepOptionsOf(const Config& config) {
  UpkeepOptions options;
  options.log_max_age = config.log_max_age;
  options.log_max_bytes = config.log_max_bytes;
  return options;
}

// Whether the database answers, with a schema that this binary knows. For one thread.
class DatabaseCheck {
 public:
  explicit DatabaseCheck(const pg::ConnectOptions& options) : connections_(options) {}

  absl::Status operator()() {
    TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(kCheckTime));
    return pg::RequireSchema(*connection, "dataset", Migrations().last(), absl::Now() + kCheckTime);
  }

 private:
  pg::Reconnector connections_;
};

absl::Status Serve(const Config& config, rpc::Process& process) {
  const rpc::Calls::Options calls = process.calls_options();
  pools::PoolDirectory directory;
  const pools::PoolWatch watch(rpc::MakeChannel(config::FormatAddress(config.stream_config)),
                               directory, {.service = "dataset"}, SystemRandom(),
                               process.metrics());
  const DirectoryPools pools(directory);

  LaneMetrics lane_metrics(process.metrics());
  WriteLanes updates(OpenUpdateStores(config), LaneLimitsOf(config), SystemClock(), lane_metrics);
  DeleteLanes deletions(OpenDeleteStores(config), {.queued_per_pool = kDeletesOfPool},
                        SystemClock());
  PostgresReadStore reads(pg::ConnectTo(config.database, "tidemark-dataset read"),
                          config.read_lanes);
  PostgresAdminStore admin(pg::ConnectTo(config.database, "tidemark-dataset admin"));
  PostgresSnapshots exports(pg::ConnectTo(config.database, "tidemark-dataset export"));
  SharedSnapshots snapshots(OpenSnapshotStores(config));
  TM_ASSIGN_OR_RETURN(const auto triggers,
                      Triggers::Start(config, reads, updates, pools, process.metrics()));
  SessionCounter sessions;
  PostgresLogUpkeep log_upkeep(pg::ConnectTo(config.database, "tidemark-dataset log"));
  PostgresUpkeep upkeep(pg::ConnectTo(config.database, "tidemark-dataset upkeep"),
                        UpkeepOptionsOf(config));
  Executor admin_thread(1, kAdminQueue);
  Executor export_thread(1, kExportQueue);
  Executor log_thread(1, kAdminQueue);
  Executor snapshot_threads(config.snapshot_lanes, kSnapshotQueue);
  const Background background(upkeep, sessions, admin, admin_thread, process.metrics());

  const Backend backend{.updates = updates,
                        .deletions = deletions,
                        .reads = reads,
                        .trigger = triggers->sync_trigger(),
                        .admin = admin,
                        .admin_thread = admin_thread,
                        .pools = pools,
                        .sessions = sessions,
                        .clock = SystemClock(),
                        .random = SystemRandom(),
                        .keyring = *config.keyring,
                        .account_id = config.installation.account_id};
  DatabaseCheck check_database(pg::ConnectTo(config.database, "tidemark-dataset check"));
  DatasetRpc dataset_rpc(backend, calls, process.metrics());
  DatasetAdminRpc admin_rpc(backend, exports, export_thread, calls, process.metrics());
  ChangeLogRpc change_log_rpc({.reads = reads,
                               .upkeep = log_upkeep,
                               .upkeep_thread = log_thread,
                               .pools = pools,
                               .snapshots = snapshots,
                               .snapshot_threads = snapshot_threads},
                              calls, process.metrics());
  return process.Serve({&dataset_rpc, &admin_rpc, &change_log_rpc},
                       {{"pools", [&] { return directory.Ready(); }},
                        {"database", [&] { return check_database(); }}});
}

}  // namespace
}  // namespace tidemark::dataset

int main(int argc, char** argv) {
  namespace dataset = tidemark::dataset;
  dataset::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "dataset",
       .about = "Tidemark's sync store: datasets, records and their change log.",
       .port = 7001,
       .metrics_port = 9101,
       .declare = [&](auto& options) { dataset::Declare(options, config); },
       .serve = [&](auto& process) { return dataset::Serve(config, process); },
       .migrate =
           [&] { return tidemark::pg::RunMigrations(config.database, dataset::Migrations()); }});
}
