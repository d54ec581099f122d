#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/aws/base_credentials.h"
#include "common/aws/endpoint.h"
#include "common/aws/http.h"
#include "common/aws/kinesis.h"
#include "common/aws/role_credentials.h"
#include "common/aws/sts.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/pg/migrate.h"
#include "common/pg/reconnector.h"
#include "common/pools/pool_watch.h"
#include "common/rpc/channel.h"
#include "common/rpc/process.h"
#include "services/publisher/config.h"
#include "services/publisher/engine/kinesis_sender.h"
#include "services/publisher/engine/publisher.h"
#include "services/publisher/engine/stream_check.h"
#include "services/publisher/push_wiring.h"
#include "services/publisher/rpc/destinations.h"
#include "services/publisher/rpc/grpc_neighbours.h"
#include "services/publisher/rpc/grpc_push_targets.h"
#include "services/publisher/rpc/grpc_snapshots.h"
#include "services/publisher/rpc/publisher_rpc.h"
#include "services/publisher/s3_wiring.h"
#include "services/publisher/store/postgres_bulk_store.h"
#include "services/publisher/store/postgres_change_log.h"
#include "services/publisher/store/postgres_lease_store.h"
#include "services/publisher/store/postgres_orders.h"
#include "services/publisher/store/postgres_parked_changes.h"
#include "services/publisher/store/postgres_steering.h"
#include "tidemark/publisher/migrations.h"

namespace tidemark::publisher {
namespace {

// The first migration of the dataset service that has the change log as it is read here.
constexpr int kDatasetSchema = 2;
constexpr std::size_t kAdminQueue = 64;
constexpr absl::Duration kCheckTime = absl::Seconds(1);

// Leases must be renewed in time: what takes longer is given up. So is the transaction of a process
// that stops in the middle of it: nobody can have its shards before.
pg::ConnectOptions LeaseOptionsOf(const Config& config, std::string application) {
  pg::ConnectOptions options = pg::ConnectTo(config.database, std::move(application));
  options.statement_timeout = std::min(config.database.statement_timeout, config.lease_ttl / 2);
  options.lock_timeout = options.statement_timeout / 2;
  options.idle_transaction_timeout = options.statement_timeout;
  return options;
}

// What operators want is asked between renewals of the lease: it must never keep one waiting.
pg::ConnectOptions OrderOptionsOf(const Config& config) {
  pg::ConnectOptions options = LeaseOptionsOf(config, "tidemark-publisher orders");
  options.statement_timeout = std::min(options.statement_timeout, config.lease_ttl / 5);
  options.lock_timeout = options.statement_timeout / 2;
  return options;
}

// The clients of AWS, which share connections and base credentials.
class Aws {
 public:
  static absl::StatusOr<std::unique_ptr<Aws>> Start(const Config& config) {
    TM_ASSIGN_OR_RETURN(auto transport, aws::CurlTransport::Start({}));
    TM_ASSIGN_OR_RETURN(aws::CredentialsPlace place, aws::PlaceOf(config.base));
    return std::unique_ptr<Aws>(new Aws(config, std::move(transport), std::move(place)));
  }

  aws::HttpTransport& transport() { return *transport_; }
  const std::shared_ptr<aws::CredentialsProvider>& base() const { return base_; }
  StreamSender& sender() { return sender_; }
  StreamCheck& check() { return check_; }
  aws::RoleCredentials& roles() { return roles_; }

 private:
  Aws(const Config& config, std::unique_ptr<aws::CurlTransport> transport,
      aws::CredentialsPlace place)
      : transport_(std::move(transport)),
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
        kinesis_(
            region_,
            aws::Endpoint::OfOption(config.kinesis_endpoint, "kinesis", config.installation.region),
            *transport_, base_, SystemClock()),
        sender_(kinesis_, config.assume_roles ? &roles_ : nullptr, config.kinesis_timeout),
        check_({.assume_roles = config.assume_roles}, sts_, kinesis_) {}

  const std::unique_ptr<aws::CurlTransport> transport_;
  const std::string region_;
  const aws::Endpoint sts_endpoint_;
  const std::shared_ptr<aws::CredentialsProvider> base_;
  const aws::StsClient sts_;
  aws::RoleCredentials roles_;
  const aws::KinesisClient kinesis_;
  KinesisSender sender_;
  AwsStreamCheck check_;
};

// "host:pid", for people who look at the leases.
std::string NameOfProcess() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return absl::StrCat(host.data(), ":", getpid());
}

Settings SettingsOf(const Config& config) {
  Settings settings;
  settings.name = NameOfProcess();
  settings.lease_ttl = config.lease_ttl;
  settings.dispatcher.window.record_bytes = config.record_limit;
  settings.follower.idle_interval = config.poll_interval;
  settings.dispatcher.queue_bytes = config.queue_bytes;
  settings.push.queue.bytes = config.push.queue_bytes;
  settings.push.queue.age = config.push.age;
  settings.dispatcher.window.requests_in_flight =
      static_cast<std::size_t>(config.requests_per_stream);
  return settings;
}

// Whether the database answers, with schemas that this binary knows. For one thread.
class DatabaseCheck {
 public:
  explicit DatabaseCheck(const pg::ConnectOptions& options) : connections_(options) {}

  absl::Status operator()() {
    TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(kCheckTime));
    const absl::Time deadline = absl::Now() + kCheckTime;
    TM_RETURN_IF_ERROR(pg::RequireSchema(*connection, "publisher", Migrations().last(), deadline));
    return pg::RequireSchema(*connection, "dataset", kDatasetSchema, deadline);
  }

 private:
  pg::Reconnector connections_;
};

// What stands in the database; each has a connection of its own.
struct Stores {
  explicit Stores(const Config& config)
      : log({.connect = pg::ConnectTo(config.database, "tidemark-publisher log"),
             .timeout = config.database.statement_timeout}),
        leases(LeaseOptionsOf(config, "tidemark-publisher leases")),
        orders(OrderOptionsOf(config)),
        bulk(LeaseOptionsOf(config, "tidemark-publisher bulk")),
        parked(pg::ConnectTo(config.database, "tidemark-publisher parked")),
        steering(pg::ConnectTo(config.database, "tidemark-publisher steering")),
        check(pg::ConnectTo(config.database, "tidemark-publisher check")) {}

  PostgresChangeLog log;
  PostgresLeaseStore leases;
  PostgresOrders orders;
  PostgresBulkStore bulk;
  PostgresParkedChanges parked;
  PostgresSteering steering;
  DatabaseCheck check;
};

// The destinations, and the pools with push, as the stream configuration service tells them.
class Destinations {
 public:
  Destinations(const Config& config, prometheus::Registry& registry)
      : catalogue_([this] { return watch_.connected(); }),
        directory_([this, tells = !config.push.address.empty()] { Learn(tells); }),
        watch_(rpc::MakeChannel(config::FormatAddress(config.stream_config)), directory_,
               {.service = "publisher"}, SystemRandom(), registry) {}

  Catalogue& catalogue() { return catalogue_; }
  const PushPools& push_pools() const { return push_pools_; }
  const pools::PoolDirectory& directory() const { return directory_; }
  absl::Status Ready() const { return directory_.Ready(); }

 private:
  // `tells`: devices, of changes.
  void Learn(bool tells) {
    const auto pools = directory_.Snapshot();
    // First, as work begins once there is a catalogue.
    if (tells) push_pools_.Replace(PushPoolsOf(*pools));
    catalogue_.Replace(DestinationsOf(*pools), PoolNumbersOf(*pools));
  }

  Catalogue catalogue_;
  PushPools push_pools_;
  pools::PoolDirectory directory_;
  pools::PoolWatch watch_;
};

absl::Status Serve(const Config& config, rpc::Process& process) {
  TM_ASSIGN_OR_RETURN(const auto aws, Aws::Start(config));
  TM_ASSIGN_OR_RETURN(const RecordStoring records,
                      MakeRecordStore(config.s3, {.region = config.installation.region,
                                                  .transport = aws->transport(),
                                                  .credentials = aws->base(),
                                                  .keyring = *config.keyring,
                                                  .registry = process.metrics()}));
  TM_ASSIGN_OR_RETURN(
      const auto pushing,
      MakePushing(config.push, {.region = config.installation.region,
                                .credentials = aws->base(),
                                .roles = config.assume_roles ? &aws->roles() : nullptr}));
  GrpcNeighbours neighbours(rpc::MakeChannel(config::FormatAddress(config.stream_config)),
                            rpc::MakeChannel(config::FormatAddress(config.dataset)),
                            SystemRandom());
  GrpcSnapshots snapshots(rpc::MakeChannel(config::FormatAddress(config.dataset),
                                           {.max_message_bytes = kSnapshotMessageBytes}),
                          SystemRandom());
  Stores stores(config);
  Metrics metrics(process.metrics());
  PushMetrics push_metrics(process.metrics());
  Destinations destinations(config, process.metrics());
  Publisher publisher(SettingsOf(config), {.log = stores.log,
                                           .leases = stores.leases,
                                           .orders = stores.orders,
                                           .sender = aws->sender(),
                                           .records = *records.store,
                                           .snapshots = snapshots,
                                           .bulk = stores.bulk,
                                           .neighbours = neighbours,
                                           .catalogue = destinations.catalogue(),
                                           .push_pools = destinations.push_pools(),
                                           .push_targets = pushing->targets(),
                                           .push_sender = pushing->sender(),
                                           .metrics = metrics,
                                           .push_metrics = push_metrics,
                                           .wall = SystemClock(),
                                           .boottime = BoottimeClock(),
                                           .random = SystemRandom()});
  Executor admin_thread(1, kAdminQueue);
  PublisherRpc publisher_rpc({.view = [&] { return publisher.View(); },
                              .parked = stores.parked,
                              .steering = stores.steering,
                              .pools = destinations.directory(),
                              .streams = aws->check(),
                              .thread = admin_thread,
                              .keyring = *config.keyring},
                             process.calls_options(), process.metrics());
  return process.Serve({&publisher_rpc}, {{"pools", [&] { return destinations.Ready(); }},
                                          {"database", [&] { return stores.check(); }},
                                          {"lease", [&] { return publisher.CheckLease(); }},
                                          {"progress", [&] { return publisher.CheckProgress(); }}});
}

}  // namespace
}  // namespace tidemark::publisher

int main(int argc, char** argv) {
  namespace publisher = tidemark::publisher;
  publisher::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "publisher",
       .about = "Delivers Tidemark's change log to Kinesis, in order.",
       .port = 7003,
       .metrics_port = 9103,
       .declare = [&](auto& options) { publisher::Declare(options, config); },
       .serve = [&](auto& process) { return publisher::Serve(config, process); },
       .migrate =
           [&] { return tidemark::pg::RunMigrations(config.database, publisher::Migrations()); }});
}
