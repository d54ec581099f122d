#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/base/secret.h"
#include "common/base/units.h"
#include "common/rpc/call.h"

namespace tidemark::rpc {

// What a client trusts and shows, in PEM.
struct ClientTls {
  std::string server_ca;          // "" for the system's
  std::string certificate_chain;  // "" to show none
  Secret private_key;
};

struct ChannelOptions {
  std::int64_t max_message_bytes = 8 * kMiB;
  absl::Duration max_reconnect_backoff = absl::Seconds(1);  // service resumes soon after a restart
  // Leaves out replicas whose health says NOT_SERVING; if all do, calls are UNAVAILABLE. For calls
  // on behalf of users; not for operators, who talk to what is unwell.
  bool heed_health = false;
  std::optional<ClientTls> tls;  // none: plain text
};

// A channel to `target` ("host:port", or any gRPC target). It connects when first used, spreads
// calls over all addresses of the name, notices dead connections by keepalive, and sends nothing
// again that a server may have seen: only the caller knows what may be repeated.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const ChannelOptions& options = {});

// Sets the deadline of a call of our own, `timeout` from now.
void SetTimeout(grpc::ClientContext& context, absl::Duration timeout);

// Passes `call` on to a call made for its sake: caller, principal, request id, a child span, and
// its deadline, or `timeout` from now if that is sooner.
void PassOn(const Call& call, Random& random, grpc::ClientContext& context,
            absl::Duration timeout = absl::InfiniteDuration());

// Says that Tidemark itself calls: a developer named `principal` (such as "tidemark-publisher").
void ActAsService(std::string_view principal, Random& random, grpc::ClientContext& context);

}  // namespace tidemark::rpc
