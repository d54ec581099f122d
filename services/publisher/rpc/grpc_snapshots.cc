#include "services/publisher/rpc/grpc_snapshots.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "services/publisher/store/event_decoder.h"

namespace tidemark::publisher {
namespace {

namespace log_wire = dataset::v1;

constexpr absl::Duration kSnapshotTime = absl::Seconds(30);

// A call under way; it lives until its answer has come, and as long as that is used.
template <typename Request, typename Response>
struct Asking {
  std::shared_ptr<log_wire::ChangeLogService::Stub> stub;
  grpc::ClientContext context;
  Request request;
  Response response;
};

template <typename Request, typename Response>
std::shared_ptr<Asking<Request, Response>> MakeAsking(
    std::shared_ptr<log_wire::ChangeLogService::Stub> stub, const std::string& pool_id,
    Random& random) {
  auto asking = std::make_shared<Asking<Request, Response>>();
  asking->stub = std::move(stub);
  asking->request.set_identity_pool_id(pool_id);
  rpc::SetTimeout(asking->context, kSnapshotTime);
  rpc::ActAsService("tidemark-publisher", random, asking->context);
  return asking;
}

SnapshotPlace PlaceFrom(const log_wire::SnapshotPosition& position) {
  return {position.owner(), position.identity_id(), position.dataset_name()};
}

std::vector<Event> EncodeAll(
    const google::protobuf::RepeatedPtrField<log_wire::Snapshot>& snapshots) {
  EventDecoder decoder;
  std::vector<Event> events;
  events.reserve(static_cast<std::size_t>(snapshots.size()));
  const absl::Time now = absl::Now();
  for (const log_wire::Snapshot& snapshot : snapshots) {
    events.push_back(
        decoder.EncodeCopy(snapshot.change(), LogShardOf(Owner(snapshot.position().owner())), now));
  }
  return events;
}

}  // namespace

GrpcSnapshots::GrpcSnapshots(const std::shared_ptr<grpc::Channel>& dataset, Random& random)
    : stub_(log_wire::ChangeLogService::NewStub(dataset)), random_(random) {}

void GrpcSnapshots::Read(const std::string& pool_id, const std::vector<LogShard>& shards,
                         const SnapshotPlace& after, std::int64_t max_bytes,
                         std::function<void(absl::StatusOr<Page>)> done) {
  auto asking = MakeAsking<log_wire::ReadSnapshotsRequest, log_wire::ReadSnapshotsResponse>(
      stub_, pool_id, random_);
  if (shards.size() < kLogShards) {
    for (const LogShard shard : shards) asking->request.add_log_shards(shard.value());
  }
  log_wire::SnapshotPosition& position = *asking->request.mutable_after();
  position.set_owner(after.owner);
  position.set_identity_id(after.identity_id);
  position.set_dataset_name(after.dataset_name);
  asking->request.set_max_bytes(max_bytes);
  asking->stub->async()->ReadSnapshots(
      &asking->context, &asking->request, &asking->response,
      [asking, done = std::move(done)](const grpc::Status& status) {
        if (!status.ok()) return done(rpc::FromGrpc(status));
        Page page;
        page.places.reserve(static_cast<std::size_t>(asking->response.snapshots_size()));
        for (const log_wire::Snapshot& snapshot : asking->response.snapshots()) {
          page.places.push_back(PlaceFrom(snapshot.position()));
        }
        if (asking->response.more()) page.next = PlaceFrom(asking->response.last_examined());
        page.encode = [asking] { return EncodeAll(asking->response.snapshots()); };
        done(std::move(page));
      });
}

void GrpcSnapshots::Get(const std::string& pool_id, const std::vector<DatasetName>& datasets,
                        std::function<void(absl::StatusOr<Found>)> done) {
  auto asking = MakeAsking<log_wire::GetSnapshotsRequest, log_wire::GetSnapshotsResponse>(
      stub_, pool_id, random_);
  for (const DatasetName& name : datasets) {
    log_wire::SnapshotPosition& dataset = *asking->request.add_datasets();
    dataset.set_identity_id(name.identity_id);
    dataset.set_dataset_name(name.dataset_name);
  }
  asking->stub->async()->GetSnapshots(
      &asking->context, &asking->request, &asking->response,
      [asking, done = std::move(done)](const grpc::Status& status) {
        if (!status.ok()) return done(rpc::FromGrpc(status));
        done(Found{.events = EncodeAll(asking->response.snapshots()),
                   .examined = static_cast<std::size_t>(asking->response.examined())});
      });
}

void GrpcSnapshots::Count(const std::string& pool_id,
                          std::function<void(absl::StatusOr<std::int64_t>)> done) {
  auto asking = MakeAsking<log_wire::CountSnapshotsRequest, log_wire::CountSnapshotsResponse>(
      stub_, pool_id, random_);
  asking->stub->async()->CountSnapshots(
      &asking->context, &asking->request, &asking->response,
      [asking, done = std::move(done)](const grpc::Status& status) {
        if (!status.ok()) return done(rpc::FromGrpc(status));
        done(asking->response.datasets());
      });
}

}  // namespace tidemark::publisher
