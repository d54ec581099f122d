#include "services/stream_config/rpc/grpc_push_services.h"

#include <utility>

#include "common/rpc/channel.h"
#include "services/stream_config/rpc/findings.h"

namespace tidemark::stream_config {
namespace {

// The push service assumes the role and looks at each application, each a call of AWS. Less than a
// gateway waits for the whole change (10 s).
constexpr absl::Duration kPushCheckTimeout = absl::Seconds(7);

}  // namespace

GrpcPushServices::GrpcPushServices(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random), client_(channel) {}

void GrpcPushServices::CheckPush(const rpc::Call& call, const PushToCheck& push,
                                 std::function<void(const absl::Status&)> done) {
  push::v1::CheckSettingsRequest request;
  *request.mutable_application_arns() = {push.application_arns.begin(),
                                         push.application_arns.end()};
  request.set_role_arn(push.role_arn);
  request.set_role_external_id(push.external_id);
  client_.Begin(
      &Client::Async::CheckSettings, std::move(request),
      [&](grpc::ClientContext& context) { rpc::PassOn(call, random_, context, kPushCheckTimeout); },
      [done = std::move(done)](const auto& response) {
        done(ExplainCheck(response.status(),
                          {errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
                           errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE},
                          "push", "no push service can check the push settings"));
      });
}

}  // namespace tidemark::stream_config
