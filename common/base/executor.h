#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tidemark {

// A fixed number of threads and a bounded queue, for work that blocks.
class Executor {
 public:
  // `threads` and `max_queued` are at least 1; `max_queued` does not count work that runs.
  Executor(int threads, std::size_t max_queued);
  // Runs what is queued, then joins the threads.
  ~Executor();

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Queues `work`, which must not throw. False, without running it, if the queue is full.
  [[nodiscard]] bool TryRun(std::function<void()> work);

 private:
  void Loop();

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tidemark
