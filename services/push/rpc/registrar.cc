#include "services/push/rpc/registrar.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/obs/metrics.h"
#include "common/rpc/calls.h"
#include "services/push/domain/device_errors.h"
#include "services/push/domain/device_id.h"
#include "services/push/domain/room.h"

namespace tidemark::push {
namespace {

prometheus::Counter& Registrations(prometheus::Registry& registry, const char* outcome) {
  return obs::Counter(registry, "tidemark_push_registrations_total",
                      "Registrations of devices, by outcome.", {{"outcome", outcome}});
}

// Whether it is the caller's or the settings' fault.
bool IsRefusal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
}

}  // namespace

// A registration under way. One thread at a time has it.
struct Registrar::State {
  const rpc::Call& call;
  const Candidate candidate;
  const DeviceKey device;
  const Done done;
};

Registrar::Registrar(const Parts& parts, prometheus::Registry& registry)
    : parts_(parts),
      registered_({&Registrations(registry, "new"), &Registrations(registry, "again"),
                   &Registrations(registry, "moved")}),
      refused_(Registrations(registry, "refused")),
      failed_(Registrations(registry, "failed")) {}

void Registrar::Register(const rpc::Call& call, Candidate candidate, Done done) {
  DeviceKey device{candidate.identity,
                   DeviceIdOf(candidate.identity, candidate.platform, candidate.token)};
  const auto state = std::make_shared<State>(
      State{call, std::move(candidate), std::move(device), std::move(done)});
  parts_.reads.Look(state->device, call.deadline,
                    [this, state](const absl::StatusOr<Known>& known) {
                      if (!known.ok()) return End(*state, known.status());
                      // So that no endpoint is made in vain; the store has the last word.
                      if (!known->endpoint && known->enabled >= kMaxDevices) {
                        return End(*state, TooManyDevices());
                      }
                      Ensure(state, *known);
                    });
}

void Registrar::Ensure(const std::shared_ptr<State>& state, const Known& known) {
  const Candidate& candidate = state->candidate;
  WantedEndpoint wanted{
      .access = candidate.access,
      .application_arn = candidate.application_arn,
      .token = candidate.token,
      .user_data = absl::StrCat(candidate.identity.pool_id, "/", candidate.identity.identity_id)};
  if (known.endpoint && known.endpoint->application_arn == candidate.application_arn) {
    wanted.known_arn = known.endpoint->endpoint_arn;
  }
  parts_.endpoints.Ensure(std::move(wanted), state->call.deadline,
                          [this, state](const absl::StatusOr<std::string>& arn) {
                            if (!arn.ok()) return End(*state, arn.status());
                            Write(state, *arn);
                          });
}

void Registrar::Write(const std::shared_ptr<State>& state, const std::string& endpoint_arn) {
  const bool queued = parts_.executor.TryRun([this, state, endpoint_arn] {
    if (const absl::Status worth = rpc::Calls::WorthRunning(state->call); !worth.ok()) {
      return End(*state, worth);
    }
    End(*state, parts_.writes.Register({.key = state->device,
                                        .platform = state->candidate.platform,
                                        .token_digest = DigestOf(state->candidate.token),
                                        .application_arn = state->candidate.application_arn,
                                        .endpoint_arn = endpoint_arn,
                                        .time = parts_.clock.Now()},
                                       state->call.deadline));
  });
  if (!queued) End(*state, rpc::Calls::ExecutorFull());
}

void Registrar::End(const State& state, const absl::StatusOr<Registered>& outcome) {
  if (outcome.ok()) {
    registered_[static_cast<std::size_t>(*outcome)]->Increment();
    return state.done(state.device.device_id);
  }
  (IsRefusal(outcome.status()) ? refused_ : failed_).Increment();
  state.done(outcome.status());
}

}  // namespace tidemark::push
