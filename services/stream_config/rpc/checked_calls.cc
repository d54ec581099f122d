#include "services/stream_config/rpc/checked_calls.h"

#include <string>
#include <utility>

#include "common/errors/error.h"
#include "common/obs/metrics.h"

namespace tidemark::stream_config {

namespace {

prometheus::Counter& Checks(prometheus::Registry& registry, const std::string& outcome) {
  return obs::Counter(registry, "tidemark_stream_config_stream_checks_total",
                      "Streams checked before they were enabled, by outcome.",
                      {{"outcome", outcome}});
}

}  // namespace

// A call under way. One thread at a time has it.
struct CheckedCalls::State {
  Executor& executor;
  const rpc::Call& call;
  const rpc::Done done;
  const Body body;
  StreamChecks checks;
};

CheckedCalls::CheckedCalls(Publishers* publishers, prometheus::Registry& registry)
    : publishers_(publishers),
      ok_(Checks(registry, "ok")),
      refused_(Checks(registry, "refused")),
      failed_(Checks(registry, "failed")) {}

absl::Status StreamChecks::Require(StreamToCheck stream) {
  if (off_ || good_ == stream) return absl::OkStatus();
  wanted_ = std::move(stream);
  return absl::CancelledError("the stream is to be checked first");
}

void CheckedCalls::Run(Executor& executor, const rpc::Call& call, rpc::Done done, Body body) {
  const auto state =
      std::make_shared<State>(State{executor, call, std::move(done), std::move(body), {}});
  state->checks.off_ = publishers_ == nullptr;
  Attempt(state);
}

void CheckedCalls::Attempt(const std::shared_ptr<State>& state) {
  const bool queued = state->executor.TryRun([this, state] {
    if (const absl::Status worth = rpc::Calls::WorthRunning(state->call); !worth.ok()) {
      return state->done(worth);
    }
    state->checks.wanted_.reset();
    const absl::Status status = state->body(state->checks);
    state->checks.wanted_ ? Check(state) : state->done(status);
  });
  if (!queued) state->done(rpc::Calls::ExecutorFull());
}

void CheckedCalls::Check(const std::shared_ptr<State>& state) {
  publishers_->CheckStream(state->call, *state->checks.wanted_,
                           [this, state](const absl::Status& status) {
                             Count(status);
                             if (!status.ok()) return state->done(status);
                             state->checks.good_ = std::move(state->checks.wanted_);
                             Attempt(state);
                           });
}

void CheckedCalls::Count(const absl::Status& status) {
  if (status.ok()) return ok_.Increment();
  const bool failed = errors::ReasonOf(status) == errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE;
  (failed ? failed_ : refused_).Increment();
}

}  // namespace tidemark::stream_config
