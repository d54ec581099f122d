#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <array>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/rpc/call.h"
#include "services/push/sns/endpoints.h"
#include "services/push/store/store.h"

namespace tidemark::push {

// A device that wants to be known.
struct Candidate {
  IdentityKey identity;
  Platform platform = Platform::kGcm;
  std::string token;
  std::string application_arn;
  Access access;
};

// Registers devices: looks what is known, has SNS make the endpoint, and then writes. No thread and
// no connection waits for SNS. Whatever ends it in between, registering again goes on from there:
// SNS tells the endpoint that it has for the token. Metric:
//   tidemark_push_registrations_total{outcome}  new, again, moved (from another identity), refused
//                                               (a limit, settings, the token), failed
class Registrar {
 public:
  // All of it outlives the object. Writes run on `executor`.
  struct Parts {
    ReadStore& reads;
    WriteStore& writes;
    Endpoints& endpoints;
    Executor& executor;
    const Clock& clock;
  };
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  Registrar(const Parts& parts, prometheus::Registry& registry);

  // Calls back once, on any thread: the device's id, or LIMIT_EXCEEDED `devices`, or as Endpoints
  // and the stores. `call` must stay until then.
  void Register(const rpc::Call& call, Candidate candidate, Done done);

 private:
  struct State;

  void Ensure(const std::shared_ptr<State>& state, const Known& known);
  void Write(const std::shared_ptr<State>& state, const std::string& endpoint_arn);
  void End(const State& state, const absl::StatusOr<Registered>& outcome);

  const Parts parts_;
  std::array<prometheus::Counter*, 3> registered_;
  prometheus::Counter& refused_;
  prometheus::Counter& failed_;
};

}  // namespace tidemark::push
