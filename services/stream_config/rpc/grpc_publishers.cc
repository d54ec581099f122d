#include "services/stream_config/rpc/grpc_publishers.h"

#include <utility>

#include "common/rpc/channel.h"
#include "services/stream_config/rpc/findings.h"

namespace tidemark::stream_config {
namespace {

// A publisher assumes the role and describes the stream, each a call of AWS. Less than a gateway
// waits for the whole change (10 s).
constexpr absl::Duration kStreamCheckTimeout = absl::Seconds(7);

}  // namespace

GrpcPublishers::GrpcPublishers(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random), client_(channel) {}

void GrpcPublishers::CheckStream(const rpc::Call& call, const StreamToCheck& stream,
                                 std::function<void(const absl::Status&)> done) {
  publisher::v1::CheckStreamRequest request;
  request.set_stream_name(stream.stream_name);
  request.set_role_arn(stream.role_arn);
  request.set_external_id(stream.external_id);
  client_.Begin(
      &Client::Async::CheckStream, std::move(request),
      [&](grpc::ClientContext& context) {
        rpc::PassOn(call, random_, context, kStreamCheckTimeout);
      },
      [done = std::move(done)](const auto& response) {
        done(ExplainCheck(
            response.status(),
            {errors::v1::ERROR_REASON_STREAM_NOT_FOUND, errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE,
             errors::v1::ERROR_REASON_ROLE_NOT_USABLE},
            "publisher", "no publisher can check the stream"));
      });
}

}  // namespace tidemark::stream_config
