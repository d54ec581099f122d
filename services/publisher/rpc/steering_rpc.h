#pragma once

#include <functional>

#include "absl/status/status.h"
#include "common/pools/pool_directory.h"
#include "common/rpc/call.h"
#include "services/publisher/engine/publisher.h"
#include "services/publisher/store/steering.h"
#include "tidemark/publisher/v1/publisher_service.pb.h"

namespace tidemark::publisher {

// What the answering publisher knows of itself. Any thread calls it.
using ViewOfPublisher = std::function<PublisherView()>;

// The methods that show and pause destinations: see publisher_service.proto. Blocks; for one
// thread.
class SteeringRpc {
 public:
  // `steering` and `pools` outlive it.
  SteeringRpc(Steering& steering, const pools::PoolDirectory& pools, ViewOfPublisher view);

  absl::Status GetStatus(const rpc::Call& call, const v1::GetStatusRequest& request,
                         v1::GetStatusResponse& response);
  absl::Status Pause(const rpc::Call& call, const v1::PauseDestinationRequest& request);
  absl::Status Resume(const rpc::Call& call, const v1::ResumeDestinationRequest& request);

 private:
  Steering& steering_;
  const pools::PoolDirectory& pools_;
  const ViewOfPublisher view_;
};

}  // namespace tidemark::publisher
