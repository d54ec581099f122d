#include "common/rpc/channel.h"

#include <algorithm>
#include <string_view>

#include "absl/time/clock.h"
#include "common/obs/trace.h"

namespace tidemark::rpc {
namespace {

// No retry policy, so that gRPC retries only what never reached a server.
constexpr char kServiceConfig[] = R"({"loadBalancingConfig": [{"round_robin": {}}]})";
constexpr char kHeedHealth[] = R"({"loadBalancingConfig": [{"round_robin": {}}],
                                   "healthCheckConfig": {"serviceName": ""}})";

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::optional<ClientTls>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({tls->server_ca, tls->private_key.Reveal(), tls->certificate_chain});
}

void Add(grpc::ClientContext& context, std::string_view key, std::string_view value) {
  if (!value.empty()) context.AddMetadata(std::string(key), std::string(value));
}

void SetDeadline(grpc::ClientContext& context, absl::Time deadline) {
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const ChannelOptions& options) {
  const auto max_backoff =
      static_cast<int>(absl::ToInt64Milliseconds(options.max_reconnect_backoff));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(options.max_message_bytes));
  arguments.SetServiceConfigJSON(options.heed_health ? kHeedHealth : kServiceConfig);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // idle streams are watched too
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, std::min(100, max_backoff));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);  // in truth, one attempt's timeout
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, max_backoff);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, max_backoff);
  return grpc::CreateCustomChannel(target, Credentials(options.tls), arguments);
}

void SetTimeout(grpc::ClientContext& context, absl::Duration timeout) {
  SetDeadline(context, absl::Now() + timeout);
}

void PassOn(const Call& call, Random& random, grpc::ClientContext& context,
            absl::Duration timeout) {
  Add(context, kCallerKey, CallerKindName(call.caller));
  Add(context, kPrincipalKey, call.principal);
  Add(context, kRequestIdKey, call.request_id);
  Add(context, kTraceparentKey, obs::FormatTraceparent(obs::ChildOf(call.trace, random)));
  SetDeadline(context, std::min(call.deadline, absl::Now() + timeout));
}

void ActAsService(std::string_view principal, Random& random, grpc::ClientContext& context) {
  Add(context, kCallerKey, CallerKindName(CallerKind::kDeveloper));
  Add(context, kPrincipalKey, principal);
  Add(context, kTraceparentKey, obs::FormatTraceparent(obs::NewTrace(random)));
}

}  // namespace tidemark::rpc
