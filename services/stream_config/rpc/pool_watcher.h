#pragma once

#include "common/rpc/stream.h"
#include "services/stream_config/store/pool_feed.h"
#include "tidemark/stream_config/v1/stream_config_service.pb.h"

namespace tidemark::stream_config {

// A WatchPools call as a watcher of the feed.
class PoolWatcher final : public PoolFeed::Watcher {
 public:
  explicit PoolWatcher(rpc::StreamWriter<v1::WatchPoolsResponse> writer);

  Took Offer(const PoolBatch& batch) override;
  bool Gone() const override;
  void End(const absl::Status& status) override;

 private:
  const rpc::StreamWriter<v1::WatchPoolsResponse> writer_;
};

}  // namespace tidemark::stream_config
