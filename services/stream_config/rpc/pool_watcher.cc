#include "services/stream_config/rpc/pool_watcher.h"

#include <utility>

#include "services/stream_config/rpc/convert.h"

namespace tidemark::stream_config {

PoolWatcher::PoolWatcher(rpc::StreamWriter<v1::WatchPoolsResponse> writer)
    : writer_(std::move(writer)) {}

PoolFeed::Watcher::Took PoolWatcher::Offer(const PoolBatch& batch) {
  v1::WatchPoolsResponse response;
  for (const auto& pool : batch.pools) ToProto(*pool, *response.add_pools());
  for (const std::string& id : batch.deleted) response.add_deleted_identity_pool_ids(id);
  response.set_snapshot_done(batch.list_done);
  switch (writer_.TryWrite(std::move(response))) {
    case rpc::Offer::kTaken:
      return Took::kYes;
    case rpc::Offer::kFull:
      return Took::kFull;
    case rpc::Offer::kOver:
      break;
  }
  return Took::kGone;
}

bool PoolWatcher::Gone() const { return writer_.over(); }

void PoolWatcher::End(const absl::Status& status) { writer_.Finish(status); }

}  // namespace tidemark::stream_config
