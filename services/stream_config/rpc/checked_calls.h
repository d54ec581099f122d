#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/base/executor.h"
#include "common/rpc/calls.h"
#include "services/stream_config/rpc/publishers.h"
#include "services/stream_config/rpc/push_services.h"

namespace tidemark::stream_config {

// What the body of a call knows, and wants to know, of what it is to set up.
class Checks {
 public:
  // OK if this was found good, or such things are not checked. Otherwise the body gives up with
  // this status, without having changed anything, and runs again once it was found good.
  absl::Status Require(StreamToCheck stream) { return Require(stream_, std::move(stream)); }
  absl::Status Require(PushToCheck push) { return Require(push_, std::move(push)); }

 private:
  friend class CheckedCalls;

  template <typename Question>
  struct Slot {
    bool off = false;
    std::optional<Question> good;
    std::optional<Question> wanted;
  };

  template <typename Question>
  static absl::Status Require(Slot<Question>& slot, Question question) {
    if (slot.off || slot.good == question) return absl::OkStatus();
    slot.wanted = std::move(question);
    return absl::CancelledError("this is to be checked first");
  }

  Slot<StreamToCheck> stream_;
  Slot<PushToCheck> push_;
};

// Runs calls whose bodies may have to know first whether a stream can be written, or pushes can be
// sent. No thread waits for those who look: the body runs as often as it takes. Metrics:
//   tidemark_stream_config_stream_checks_total{outcome}  ok, refused, failed (nobody could tell)
//   tidemark_stream_config_push_checks_total{outcome}    likewise
class CheckedCalls {
 public:
  using Body = std::function<absl::Status(Checks& checks)>;

  // All outlive the object. Without `publishers` no stream is checked, without `push_services` no
  // push settings are.
  CheckedCalls(Publishers* publishers, PushServices* push_services, prometheus::Registry& registry);

  // Runs `body` on `executor`, which outlives the object, and ends the call with its status, or
  // with the error of a check.
  void Run(Executor& executor, const rpc::Call& call, rpc::Done done, Body body);

 private:
  struct State;

  // How checks of one kind ended.
  class Outcomes {
   public:
    Outcomes(prometheus::Registry& registry, const std::string& name, const std::string& help);
    void Count(const absl::Status& status);

   private:
    prometheus::Counter& ok_;
    prometheus::Counter& refused_;
    prometheus::Counter& failed_;
  };

  void Attempt(const std::shared_ptr<State>& state);
  // Goes on once what `slot` wants was found good, or ends the call.
  template <typename Question>
  std::function<void(const absl::Status&)> Found(const std::shared_ptr<State>& state,
                                                 Checks::Slot<Question>& slot, Outcomes& outcomes);

  Publishers* const publishers_;
  PushServices* const push_services_;
  Outcomes streams_;
  Outcomes pushes_;
};

}  // namespace tidemark::stream_config
