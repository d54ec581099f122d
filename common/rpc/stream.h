#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/errors/error.h"
#include "common/rpc/call_record.h"
#include "common/rpc/stream_queue.h"

namespace tidemark::rpc {

// Messages that a stream holds for a client that does not read; keep each well below 1 MiB.
inline constexpr std::size_t kStreamCapacity = 16;

// The reactor behind a StreamWriter. It owns itself until gRPC is done with it.
template <typename T>
class StreamCall final : private grpc::ServerWriteReactor<T> {
 public:
  // How a stream ends whose client has gone: by itself, or when its writer finishes.
  enum class OnGone { kEnd, kWaitForWriter };

  static std::shared_ptr<StreamCall> Make(std::unique_ptr<CallRecord> record, OnGone on_gone) {
    std::shared_ptr<StreamCall> call(new StreamCall(std::move(record), on_gone));
    call->self_ = call;
    if (!call->Admitted()) {
      call->Finish(call->record_->admitted());
    } else if (on_gone == OnGone::kEnd) {
      call->record_->EndOnStop([weak = std::weak_ptr(call)] {
        if (const auto alive = weak.lock()) alive->Finish(ServerStops());
      });
    }
    return call;
  }

  grpc::ServerWriteReactor<T>* reactor() { return this; }
  bool Admitted() const { return record_->admitted().ok(); }
  const Call& call() const { return record_->call(); }
  bool over() const { return queue_.over(); }

  Offer Push(T message) { return Started(queue_.Push(std::move(message))); }
  Offer PushBefore(T message, absl::Time deadline) {
    return Started(queue_.PushBefore(std::move(message), deadline));
  }

  void Finish(absl::Status status) {
    if (queue_.Finish(std::move(status))) Send();
  }

  void NotifyGone(std::function<void()> notify) {
    {
      const std::lock_guard lock(mutex_);
      if (!gone_) {
        notify_gone_ = std::move(notify);
        return;
      }
    }
    notify();
  }

 private:
  StreamCall(std::unique_ptr<CallRecord> record, OnGone on_gone)
      : record_(std::move(record)), on_gone_(on_gone), queue_(kStreamCapacity) {}

  Offer Started(typename StreamQueue<T>::Pushed pushed) {
    if (pushed.start) Send();
    return pushed.offer;
  }

  // By one thread at a time: the queue says who starts.
  void Send() {
    typename StreamQueue<T>::Next next = queue_.TakeNext();
    if (next.message) {
      sending_ = *std::move(next.message);
      record_->CountMessage();
      this->StartWrite(&sending_);
    } else if (next.finish) {
      grpc::ServerWriteReactor<T>::Finish(record_->Complete(*next.finish, nullptr));
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok) Gone();
    Send();
  }

  void OnCancel() override { Gone(); }

  void OnDone() override {
    record_->Close();
    self_.reset();
  }

  void Gone() {
    record_->Cancel();
    queue_.Abandon();
    std::function<void()> notify;
    {
      const std::lock_guard lock(mutex_);
      gone_ = true;
      notify = std::exchange(notify_gone_, nullptr);
    }
    if (notify) notify();
    if (on_gone_ == OnGone::kEnd) Finish(absl::CancelledError("the client has gone"));
  }

  const std::unique_ptr<CallRecord> record_;
  const OnGone on_gone_;
  StreamQueue<T> queue_;
  T sending_;
  std::mutex mutex_;
  bool gone_ = false;
  std::function<void()> notify_gone_;
  std::shared_ptr<StreamCall> self_;
};

// Sends the messages of a server-streaming call, in order, from any thread. Copies write to the
// same stream; once all are gone without Finish, the stream ends as INTERNAL.
template <typename T>
class StreamWriter {
 public:
  explicit StreamWriter(std::shared_ptr<StreamCall<T>> call)
      : call_(call.get(), [call](StreamCall<T>*) { call->Finish(ForgottenCall()); }) {}

  // Waits while kStreamCapacity messages are unread. CANCELLED if the client has gone (stop
  // producing), DEADLINE_EXCEEDED if it read nothing for `patience`. Never call it on gRPC's
  // thread.
  absl::Status Write(T message, absl::Duration patience = absl::Seconds(30)) const {
    switch (call_->PushBefore(std::move(message), absl::Now() + patience)) {
      case Offer::kTaken:
        return absl::OkStatus();
      case Offer::kOver:
        return absl::CancelledError("the client has gone");
      case Offer::kFull:
        break;
    }
    return errors::Error(absl::StatusCode::kDeadlineExceeded,
                         errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                         "the stream's messages are not read; read faster, or ask for less");
  }

  // Never waits.
  Offer TryWrite(T message) const { return call_->Push(std::move(message)); }

  // Ends the stream after the messages written so far. The first call counts.
  void Finish(absl::Status status) const { call_->Finish(std::move(status)); }

  // Whether writing is of no use any more.
  bool over() const { return call_->over(); }

  // Calls `notify`, on gRPC's thread, when the client goes before the stream has ended; at once if
  // it has gone. One at most. It must not block.
  void NotifyGone(std::function<void()> notify) const { call_->NotifyGone(std::move(notify)); }

 private:
  std::shared_ptr<StreamCall<T>> call_;
};

}  // namespace tidemark::rpc
