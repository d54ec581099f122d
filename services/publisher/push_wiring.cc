#include "services/publisher/push_wiring.h"

#include <utility>

#include "common/aws/endpoint.h"
#include "common/aws/http.h"
#include "common/aws/sns.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "services/publisher/domain/push_queue.h"
#include "services/publisher/engine/sns_push_sender.h"
#include "services/publisher/rpc/grpc_push_targets.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kSnsTime = absl::Seconds(5);
// The answer to a lookup may name 100 devices for each of its datasets.
constexpr std::int64_t kTargetsMessageBytes = 64 * kMiB;

class SnsPushing final : public Pushing {
 public:
  SnsPushing(const PushConfig& config, const PushParts& parts,
             std::unique_ptr<aws::CurlTransport> transport)
      : transport_(std::move(transport)),
        sender_(aws::SnsClient(parts.region,
                               aws::Endpoint::OfOption(config.sns_endpoint, "sns", parts.region),
                               *transport_, parts.credentials, SystemClock()),
                parts.roles, kSnsTime),
        targets_(rpc::MakeChannel(config.address, {.max_message_bytes = kTargetsMessageBytes}),
                 SystemRandom()) {}

  PushTargets& targets() override { return targets_; }
  PushSender& sender() override { return sender_; }

 private:
  const std::unique_ptr<aws::CurlTransport> transport_;
  SnsPushSender sender_;
  GrpcPushTargets targets_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Pushing>> MakePushing(const PushConfig& config,
                                                     const PushParts& parts) {
  constexpr int kConnections = static_cast<int>(PushQueue::Limits().in_flight);
  TM_ASSIGN_OR_RETURN(auto transport,
                      aws::CurlTransport::Start({.max_connections_per_host = kConnections,
                                                 .max_connections = kConnections}));
  return std::make_unique<SnsPushing>(config, parts, std::move(transport));
}

}  // namespace tidemark::publisher
