#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "absl/time/time.h"

namespace tidemark::rpc {

// The calls that a server has not yet ended. A server that stops waits for them, and asks those
// that would never end by themselves, such as a Watch, to end. Free of gRPC; safe for concurrent
// use; outlives its entries.
class OpenCalls {
 public:
  // One call, open until it is destroyed.
  class Entry {
   public:
    Entry() = default;
    Entry(Entry&& other) noexcept : calls_(std::exchange(other.calls_, nullptr)), id_(other.id_) {}
    Entry& operator=(Entry&& other) noexcept;
    ~Entry();

    // `end` is called, once at most, when the server stops; at once if it is stopping.
    void EndOnStop(std::function<void()> end);

   private:
    friend class OpenCalls;
    Entry(OpenCalls* calls, std::uint64_t id) : calls_(calls), id_(id) {}

    OpenCalls* calls_ = nullptr;
    std::uint64_t id_ = 0;
  };

  Entry Add();

  // The server is stopping: ends the calls that asked for it.
  void Stop();

  // Waits until no call is open, or `deadline`; whether none is.
  bool WaitForNone(absl::Time deadline);

 private:
  void Remove(std::uint64_t id);

  std::mutex mutex_;
  std::condition_variable none_;
  bool stopping_ = false;
  std::uint64_t next_id_ = 0;
  std::uint64_t open_ = 0;
  std::map<std::uint64_t, std::function<void()>> ends_;  // by entry
};

}  // namespace tidemark::rpc
