#include "services/stream_config/rpc/grpc_push_services.h"

#include <utility>

#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "services/stream_config/rpc/findings.h"

namespace tidemark::stream_config {
namespace {

// The push service assumes the role and looks at each application, each a call of AWS. Less than a
// gateway waits for the whole change (10 s).
constexpr absl::Duration kPushCheckTimeout = absl::Seconds(7);

// A call on its way, kept by its callback.
struct SettingsCheck {
  grpc::ClientContext context;
  push::v1::CheckSettingsRequest request;
  push::v1::CheckSettingsResponse response;
};

}  // namespace

GrpcPushServices::GrpcPushServices(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random), stub_(push::v1::PushTargetService::NewStub(channel)) {}

void GrpcPushServices::CheckPush(const rpc::Call& call, const PushToCheck& push,
                                 std::function<void(const absl::Status&)> done) {
  auto check = std::make_shared<SettingsCheck>();
  SettingsCheck& in_flight = *check;
  rpc::PassOn(call, random_, in_flight.context, kPushCheckTimeout);
  *in_flight.request.mutable_application_arns() = {push.application_arns.begin(),
                                                   push.application_arns.end()};
  in_flight.request.set_role_arn(push.role_arn);
  in_flight.request.set_role_external_id(push.external_id);
  stub_->async()->CheckSettings(
      &in_flight.context, &in_flight.request, &in_flight.response,
      [check = std::move(check), done = std::move(done)](const grpc::Status& status) mutable {
        // The context holds the channel, which must not end in this thread: once the call is
        // answered, only the object holds it.
        check.reset();
        done(ExplainCheck(rpc::FromGrpc(status),
                          {errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
                           errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE},
                          "push", "no push service can check the push settings"));
      });
}

}  // namespace tidemark::stream_config
