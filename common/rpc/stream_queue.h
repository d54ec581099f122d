#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tidemark::rpc {

// What TryWrite did with a message.
enum class Offer {
  kTaken,
  kFull,  // try again later, or end the stream: its client reads too slowly
  kOver,  // the client has gone, or the stream was finished
};

// The messages between those who produce a stream and the one who sends it, bounded. Free of gRPC.
// The sender takes one message at a time: Push and Finish say when it has to start, TakeNext when
// it may stop.
template <typename T>
class StreamQueue {
 public:
  explicit StreamQueue(std::size_t capacity) : capacity_(capacity) {}

  // Result of offering a message: whether it was taken, and whether the idle sender must be
  // started.
  struct Pushed {
    Offer offer;
    bool start = false;
  };

  Pushed Push(T message) {
    const std::lock_guard lock(mutex_);
    return PushLocked(std::move(message));
  }

  // Waits until there is room, the stream is over, or `deadline` (kFull).
  Pushed PushBefore(T message, absl::Time deadline) {
    std::unique_lock lock(mutex_);
    const auto settled = [this] { return over_ || finish_ || queue_.size() < capacity_; };
    if (deadline == absl::InfiniteFuture()) {
      room_.wait(lock, settled);
    } else {
      room_.wait_until(lock, absl::ToChronoTime(deadline), settled);
    }
    return PushLocked(std::move(message));
  }

  // Ends the stream after what is queued. True if the idle sender must be started. The first
  // counts.
  bool Finish(absl::Status status) {
    const std::lock_guard lock(mutex_);
    if (finish_) return false;
    finish_ = std::move(status);
    room_.notify_all();
    return Start();
  }

  // The client has gone: what is queued is dropped, who waits is woken.
  void Abandon() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    queue_.clear();
    room_.notify_all();
  }

  // For the sender, when it was started or has sent a message: the next one. Without one the sender
  // stops; `finish` is then the stream's status if the time for it has come (once).
  struct Next {
    std::optional<T> message;
    std::optional<absl::Status> finish;
  };
  Next TakeNext() {
    const std::lock_guard lock(mutex_);
    Next next;
    if (!queue_.empty()) {
      next.message = std::move(queue_.front());
      queue_.pop_front();
      room_.notify_one();
      return next;
    }
    sending_ = false;
    if (finish_ && !finished_) {
      finished_ = true;
      next.finish = finish_;
    }
    return next;
  }

  bool over() const {
    const std::lock_guard lock(mutex_);
    return over_ || finish_.has_value();
  }

 private:
  Pushed PushLocked(T message) {
    if (over_ || finish_) return {Offer::kOver};
    if (queue_.size() >= capacity_) return {Offer::kFull};
    queue_.push_back(std::move(message));
    return {Offer::kTaken, Start()};
  }

  bool Start() {
    const bool start = !sending_;
    sending_ = true;
    return start;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<T> queue_;
  bool sending_ = false;   // the sender will call TakeNext
  bool over_ = false;      // abandoned by the client
  bool finished_ = false;  // `finish_` was handed out
  std::optional<absl::Status> finish_;
};

}  // namespace tidemark::rpc
