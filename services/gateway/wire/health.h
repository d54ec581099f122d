#pragma once

#include <memory>
#include <string>

#include "common/obs/readiness.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tidemark::gateway {

// Asks the server behind `channel` by gRPC's health protocol whether it serves; waits for at most a
// second. `service` is its name for operators.
obs::Readiness::Check ServesCheck(const std::string& service,
                                  std::shared_ptr<grpc::Channel> channel);

}  // namespace tidemark::gateway
