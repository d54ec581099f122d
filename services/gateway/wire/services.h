#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/obs/readiness.h"
#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/exchange.h"
#include "services/gateway/wire/routes.h"

namespace tidemark::gateway {

// The services behind the gateway, called by gRPC without a waiting thread.
class Services {
 public:
  struct Options {
    std::string dataset_address;  // gRPC targets
    std::string stream_config_address;
    absl::Duration timeout = absl::Seconds(10);  // of one operation, all its calls together
  };

  // Connects when first used. `random` outlives it.
  Services(const Options& options, Random& random);
  // Needs all operations answered.
  ~Services();

  // Runs an operation and answers `pending`: decodes the input at once, the rest later.
  void Run(Operation operation, const OperationInput& input, std::unique_ptr<Pending> pending);

  // Fails all operations in flight, and those to come.
  void GiveUp();

  // Whether the dataset service says that it serves. The stream configuration service is not asked:
  // without it the gateway still does all it does for devices.
  std::vector<obs::Readiness::Check> Checks() const;

 private:
  struct Stubs;

  const absl::Duration timeout_;
  const std::unique_ptr<Stubs> stubs_;
};

}  // namespace tidemark::gateway
