#include "services/stream_config/rpc/grpc_publishers.h"

#include <utility>

#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "services/stream_config/rpc/findings.h"

namespace tidemark::stream_config {
namespace {

// A publisher assumes the role and describes the stream, each a call of AWS. Less than a gateway
// waits for the whole change (10 s).
constexpr absl::Duration kStreamCheckTimeout = absl::Seconds(7);

// A call on its way, kept by its callback.
struct Check {
  grpc::ClientContext context;
  publisher::v1::CheckStreamRequest request;
  publisher::v1::CheckStreamResponse response;
};

}  // namespace

GrpcPublishers::GrpcPublishers(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random), stub_(publisher::v1::PublisherService::NewStub(channel)) {}

void GrpcPublishers::CheckStream(const rpc::Call& call, const StreamToCheck& stream,
                                 std::function<void(const absl::Status&)> done) {
  auto check = std::make_shared<Check>();
  Check& in_flight = *check;
  rpc::PassOn(call, random_, in_flight.context, kStreamCheckTimeout);
  in_flight.request.set_stream_name(stream.stream_name);
  in_flight.request.set_role_arn(stream.role_arn);
  in_flight.request.set_external_id(stream.external_id);
  stub_->async()->CheckStream(
      &in_flight.context, &in_flight.request, &in_flight.response,
      [check = std::move(check), done = std::move(done)](const grpc::Status& status) mutable {
        // The context holds the channel, which must not end in this thread: once the call is
        // answered, only the object holds it.
        check.reset();
        done(ExplainCheck(
            rpc::FromGrpc(status),
            {errors::v1::ERROR_REASON_STREAM_NOT_FOUND, errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE,
             errors::v1::ERROR_REASON_ROLE_NOT_USABLE},
            "publisher", "no publisher can check the stream"));
      });
}

}  // namespace tidemark::stream_config
