#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "common/base/executor.h"
#include "common/rpc/calls.h"
#include "services/stream_config/rpc/publishers.h"

namespace tidemark::stream_config {

// What the body of a call knows, and wants to know, of the stream that it is to enable.
class StreamChecks {
 public:
  // OK if `stream` was found good, or nothing is checked. Otherwise the body gives up with this
  // status, without having changed anything, and runs again once the stream was found good.
  absl::Status Require(StreamToCheck stream);

 private:
  friend class CheckedCalls;

  bool off_ = false;
  std::optional<StreamToCheck> good_;
  std::optional<StreamToCheck> wanted_;
};

// Runs calls whose bodies may have to know first whether a stream can be written. No thread waits
// for the publishers: the body runs as often as it takes. Metric:
//   tidemark_stream_config_stream_checks_total{outcome}  ok, refused, failed (nobody could tell)
class CheckedCalls {
 public:
  using Body = std::function<absl::Status(StreamChecks& checks)>;

  // All outlive the object. Without `publishers` nothing is checked.
  CheckedCalls(Publishers* publishers, prometheus::Registry& registry);

  // Runs `body` on `executor`, which outlives the object, and ends the call with its status, or
  // with the error of a check.
  void Run(Executor& executor, const rpc::Call& call, rpc::Done done, Body body);

 private:
  struct State;

  void Attempt(const std::shared_ptr<State>& state);
  void Check(const std::shared_ptr<State>& state);
  void Count(const absl::Status& status);

  Publishers* const publishers_;
  prometheus::Counter& ok_;
  prometheus::Counter& refused_;
  prometheus::Counter& failed_;
};

}  // namespace tidemark::stream_config
