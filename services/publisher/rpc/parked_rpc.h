#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/config/keyring.h"
#include "common/pools/pool_directory.h"
#include "common/rpc/call.h"
#include "services/publisher/store/parked_changes.h"
#include "tidemark/publisher/v1/publisher_service.pb.h"

namespace tidemark::publisher {

// The methods of parked changes: see publisher_service.proto. Blocks; for one thread.
class ParkedRpc {
 public:
  // `parked` and `pools` outlive it.
  ParkedRpc(ParkedChanges& parked, const pools::PoolDirectory& pools, config::Keyring keyring);

  absl::Status List(const rpc::Call& call, const v1::ListParkedChangesRequest& request,
                    v1::ListParkedChangesResponse& response);
  absl::Status Replay(const rpc::Call& call, const v1::ReplayParkedChangesRequest& request,
                      v1::ReplayParkedChangesResponse& response);
  absl::Status Discard(const rpc::Call& call, const v1::DiscardParkedChangesRequest& request,
                       v1::DiscardParkedChangesResponse& response);

 private:
  ParkedChanges& parked_;
  const pools::PoolDirectory& pools_;
  const config::Keyring keyring_;
};

}  // namespace tidemark::publisher
