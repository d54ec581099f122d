#pragma once

#include <atomic>
#include <cstdint>

namespace tidemark::gateway {

// Bounds the bytes of requests and answers that all connections hold together.
class ByteBudget {
 public:
  explicit ByteBudget(std::int64_t bytes) : free_(bytes) {}

  // False, taking nothing, if less than `bytes` are left.
  bool TryTake(std::int64_t bytes) {
    std::int64_t free = free_.load(std::memory_order_relaxed);
    while (free >= bytes) {
      if (free_.compare_exchange_weak(free, free - bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  // For bytes that are there already: what is left may fall below 0, and TryTake then fails.
  // Negative to give bytes back.
  void Take(std::int64_t bytes) { free_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::int64_t free() const { return free_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> free_;
};

// What one holder has taken of a budget; returns it when it dies.
class BudgetShare {
 public:
  explicit BudgetShare(ByteBudget& budget) : budget_(budget) {}
  ~BudgetShare() { Set(0); }

  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;

  // Sees to it that at least `bytes` are taken. False if there are not as many.
  bool GrowTo(std::int64_t bytes) {
    if (bytes <= taken_) return true;
    if (!budget_.TryTake(bytes - taken_)) return false;
    taken_ = bytes;
    return true;
  }

  // Has taken just `bytes` from now on, even if there are not as many: they are there already.
  void Set(std::int64_t bytes) {
    budget_.Take(bytes - taken_);
    taken_ = bytes;
  }

 private:
  ByteBudget& budget_;
  std::int64_t taken_ = 0;
};

}  // namespace tidemark::gateway
