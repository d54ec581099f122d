#include "services/stream_config/rpc/checked_calls.h"

#include <utility>

#include "common/errors/error.h"
#include "common/obs/metrics.h"

namespace tidemark::stream_config {

// A call under way. One thread at a time has it.
struct CheckedCalls::State {
  Executor& executor;
  const rpc::Call& call;
  const rpc::Done done;
  const Body body;
  Checks checks;
};

CheckedCalls::Outcomes::Outcomes(prometheus::Registry& registry, const std::string& name,
                                 const std::string& help)
    : ok_(obs::Counter(registry, name, help, {{"outcome", "ok"}})),
      refused_(obs::Counter(registry, name, help, {{"outcome", "refused"}})),
      failed_(obs::Counter(registry, name, help, {{"outcome", "failed"}})) {}

void CheckedCalls::Outcomes::Count(const absl::Status& status) {
  if (status.ok()) return ok_.Increment();
  const bool failed = errors::ReasonOf(status) == errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE;
  (failed ? failed_ : refused_).Increment();
}

CheckedCalls::CheckedCalls(Publishers* publishers, PushServices* push_services,
                           prometheus::Registry& registry)
    : publishers_(publishers),
      push_services_(push_services),
      streams_(registry, "tidemark_stream_config_stream_checks_total",
               "Streams checked before they were enabled, by outcome."),
      pushes_(registry, "tidemark_stream_config_push_checks_total",
              "Push settings checked before they were set, by outcome.") {}

void CheckedCalls::Run(Executor& executor, const rpc::Call& call, rpc::Done done, Body body) {
  const auto state =
      std::make_shared<State>(State{executor, call, std::move(done), std::move(body), {}});
  state->checks.stream_.off = publishers_ == nullptr;
  state->checks.push_.off = push_services_ == nullptr;
  Attempt(state);
}

void CheckedCalls::Attempt(const std::shared_ptr<State>& state) {
  const bool queued = state->executor.TryRun([this, state] {
    if (const absl::Status worth = rpc::Calls::WorthRunning(state->call); !worth.ok()) {
      return state->done(worth);
    }
    Checks::Slot<StreamToCheck>& stream = state->checks.stream_;
    Checks::Slot<PushToCheck>& push = state->checks.push_;
    stream.wanted.reset();
    push.wanted.reset();
    const absl::Status status = state->body(state->checks);
    if (stream.wanted) {
      publishers_->CheckStream(state->call, *stream.wanted, Found(state, stream, streams_));
    } else if (push.wanted) {
      push_services_->CheckPush(state->call, *push.wanted, Found(state, push, pushes_));
    } else {
      state->done(status);
    }
  });
  if (!queued) state->done(rpc::Calls::ExecutorFull());
}

template <typename Question>
std::function<void(const absl::Status&)> CheckedCalls::Found(const std::shared_ptr<State>& state,
                                                             Checks::Slot<Question>& slot,
                                                             Outcomes& outcomes) {
  return [this, state, &slot, &outcomes](const absl::Status& status) {
    outcomes.Count(status);
    if (!status.ok()) return state->done(status);
    slot.good = std::move(slot.wanted);
    Attempt(state);
  };
}

}  // namespace tidemark::stream_config
