#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/rpc/channel.h"

namespace tidemark::publisher {

// Prepares a call that a publisher makes of its own accord, with `timeout` from now. `random`
// outlives what is returned.
inline auto AsPublisher(Random& random, absl::Duration timeout) {
  return [&random, timeout](grpc::ClientContext& context) {
    rpc::SetTimeout(context, timeout);
    rpc::ActAsService("tidemark-publisher", random, context);
  };
}

}  // namespace tidemark::publisher
