#pragma once

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/rpc/call.h"
#include "services/stream_config/rpc/pool_writer.h"
#include "tidemark/stream_config/v1/stream_config_service.pb.h"

namespace tidemark::stream_config {

// The bodies of the methods about bulk publishes; see stream_config_service.proto. They block.
class BulkPublishRpc {
 public:
  // All outlive the object.
  BulkPublishRpc(PoolStore& store, PoolWriter& writer, const Clock& clock)
      : store_(store), writer_(writer), clock_(clock) {}

  absl::Status Start(const rpc::Call& call, const v1::StartBulkPublishRequest& request,
                     v1::StartBulkPublishResponse& response);
  absl::Status Get(const rpc::Call& call, const v1::GetBulkPublishRequest& request,
                   v1::GetBulkPublishResponse& response);
  absl::Status Report(const rpc::Call& call, const v1::ReportBulkPublishRequest& request,
                      v1::ReportBulkPublishResponse& response);

 private:
  PoolStore& store_;
  PoolWriter& writer_;
  const Clock& clock_;
};

}  // namespace tidemark::stream_config
