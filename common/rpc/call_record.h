#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/obs/log.h"
#include "common/rpc/call.h"
#include "common/rpc/open_calls.h"

namespace tidemark::rpc {

struct MethodMetrics;

// One call from its arrival to its end, for Calls and its reactors: what the handler sees of it,
// and what is measured and logged when it ends. `request`, `metrics` and `open_calls` outlive it;
// the last may be null.
class CallRecord {
 public:
  CallRecord(const MethodMetrics& metrics, const google::protobuf::Message* request,
             absl::Duration slow, OpenCalls* open_calls);

  CallRecord(const CallRecord&) = delete;
  CallRecord& operator=(const CallRecord&) = delete;

  Call& call() { return call_; }
  const Call& call() const { return call_; }

  // Whether the handler may run; otherwise the status to end with.
  const absl::Status& admitted() const { return admitted_; }
  void set_admitted(absl::Status status) { admitted_ = std::move(status); }

  // The client has gone, or its deadline has passed.
  void Cancel() { cancelled_ = true; }

  // `end` is called when the server stops.
  void EndOnStop(std::function<void()> end) { entry_.EndOnStop(std::move(end)); }

  // gRPC is done with the call.
  void Close() { entry_ = {}; }

  // A message was streamed to the client.
  void CountMessage() { messages_.fetch_add(1, std::memory_order_relaxed); }

  // Measures and logs the end and returns what the client gets. Once. `response` is null for
  // streams.
  grpc::Status Complete(const absl::Status& status, const google::protobuf::Message* response);

 private:
  void LogEnd(obs::Level level, absl::StatusCode code, const absl::Status& status,
              absl::Duration took, const google::protobuf::Message* response) const;

  const MethodMetrics& metrics_;
  const google::protobuf::Message* const request_;
  const absl::Duration slow_;
  const std::chrono::steady_clock::time_point start_;
  absl::Status admitted_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<std::int64_t> messages_ = 0;
  Call call_;
  OpenCalls::Entry entry_;
};

// For a handler that let its call go without ending it.
absl::Status ForgottenCall();

// For a stream that would not end by itself, when the server stops.
absl::Status ServerStops();

}  // namespace tidemark::rpc
