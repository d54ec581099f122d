#include "services/publisher/rpc/grpc_snapshots.h"

#include <utility>

#include "absl/time/clock.h"
#include "services/publisher/rpc/as_publisher.h"
#include "services/publisher/store/event_decoder.h"

namespace tidemark::publisher {
namespace {

namespace log_wire = dataset::v1;

constexpr absl::Duration kSnapshotTime = absl::Seconds(30);

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
    : random_(random), client_(dataset) {}

void GrpcSnapshots::Read(const std::string& pool_id, const std::vector<LogShard>& shards,
                         const SnapshotPlace& after, std::int64_t max_bytes,
                         std::function<void(absl::StatusOr<Page>)> done) {
  log_wire::ReadSnapshotsRequest request;
  request.set_identity_pool_id(pool_id);
  if (shards.size() < kLogShards) {
    for (const LogShard shard : shards) request.add_log_shards(shard.value());
  }
  log_wire::SnapshotPosition& position = *request.mutable_after();
  position.set_owner(after.owner);
  position.set_identity_id(after.identity_id);
  position.set_dataset_name(after.dataset_name);
  request.set_max_bytes(max_bytes);
  client_.Begin(&Client::Async::ReadSnapshots, std::move(request),
                AsPublisher(random_, kSnapshotTime),
                [done = std::move(done)](absl::StatusOr<log_wire::ReadSnapshotsResponse> response) {
                  if (!response.ok()) return done(response.status());
                  const auto read =
                      std::make_shared<const log_wire::ReadSnapshotsResponse>(*std::move(response));
                  Page page;
                  page.places.reserve(static_cast<std::size_t>(read->snapshots_size()));
                  for (const log_wire::Snapshot& snapshot : read->snapshots()) {
                    page.places.push_back(PlaceFrom(snapshot.position()));
                  }
                  if (read->more()) page.next = PlaceFrom(read->last_examined());
                  page.encode = [read] { return EncodeAll(read->snapshots()); };
                  done(std::move(page));
                });
}

void GrpcSnapshots::Get(const std::string& pool_id, const std::vector<DatasetName>& datasets,
                        std::function<void(absl::StatusOr<Found>)> done) {
  log_wire::GetSnapshotsRequest request;
  request.set_identity_pool_id(pool_id);
  for (const DatasetName& name : datasets) {
    log_wire::SnapshotPosition& dataset = *request.add_datasets();
    dataset.set_identity_id(name.identity_id);
    dataset.set_dataset_name(name.dataset_name);
  }
  client_.Begin(
      &Client::Async::GetSnapshots, std::move(request), AsPublisher(random_, kSnapshotTime),
      [done = std::move(done)](const absl::StatusOr<log_wire::GetSnapshotsResponse>& response) {
        if (!response.ok()) return done(response.status());
        done(Found{.events = EncodeAll(response->snapshots()),
                   .examined = static_cast<std::size_t>(response->examined())});
      });
}

void GrpcSnapshots::Count(const std::string& pool_id,
                          std::function<void(absl::StatusOr<std::int64_t>)> done) {
  log_wire::CountSnapshotsRequest request;
  request.set_identity_pool_id(pool_id);
  client_.Begin(
      &Client::Async::CountSnapshots, std::move(request), AsPublisher(random_, kSnapshotTime),
      [done = std::move(done)](const absl::StatusOr<log_wire::CountSnapshotsResponse>& response) {
        if (!response.ok()) return done(response.status());
        done(response->datasets());
      });
}

}  // namespace tidemark::publisher
