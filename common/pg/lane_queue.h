#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/units.h"

namespace tidemark::pg {

// What the queue of a lane needs to know of a job.
struct LaneTicket {
  // Whose job it is: pools take turns.
  std::string pool;
  // What it changes, such as a dataset: a batch has at most one job of a key, and jobs of a key
  // keep their order. Keys of different pools are different.
  std::string key;
  // How much it is, in units of the caller (patches), and in bytes.
  std::int64_t weight = 1;
  std::int64_t bytes = 0;
  // Bytes of memory that it takes while it waits.
  std::int64_t memory = 0;
  // After this it is not worth doing.
  absl::Time deadline = absl::InfiniteFuture();
};

struct LaneLimits {
  // Of a batch. A job that is larger than a batch may be makes one by itself.
  std::size_t batch_jobs = 64;
  std::int64_t batch_weight = 1024;
  std::int64_t batch_bytes = kMiB;
  // Of the queue.
  std::size_t queued_per_pool = 256;
  std::size_t queued = 4096;
  std::int64_t queued_memory = 64 * kMiB;
};

// The jobs that wait for a lane. Pools take turns, one job a turn, and so do the keys of a pool:
// neither a busy pool nor a busy dataset delays another by more than its turn. Not synchronized.
template <typename Job>
class LaneQueue {
 public:
  explicit LaneQueue(const LaneLimits& limits) : limits_(limits) {}

  std::size_t size() const { return size_; }

  // Takes `job` unless the queue, or the part of its pool, is full; whether it did.
  bool Push(LaneTicket ticket, Job& job);

  // Moves the next jobs into `batch` and, met on the way, those whose deadline has passed into
  // `expired`. Fills at least one of them unless the queue is empty.
  void Take(absl::Time now, std::vector<Job>& batch, std::vector<Job>& expired);

  // Moves all jobs into `jobs`.
  void TakeAll(std::vector<Job>& jobs);

 private:
  struct Entry {
    Job job;
    std::int64_t weight;
    std::int64_t bytes;
    std::int64_t memory;
    absl::Time deadline;
  };
  struct Key {
    std::string name;
    std::deque<Entry> entries;  // never empty while in a ring
    std::uint64_t batch = 0;    // the last one that took from it
  };
  struct Pool {
    std::string name;
    std::unordered_map<std::string, Key> keys;
    std::deque<Key*> ring;  // of `keys`, in the order of their turns
    std::size_t size = 0;
  };
  struct Fill {
    std::size_t jobs = 0;
    std::int64_t weight = 0;
    std::int64_t bytes = 0;
  };
  enum class Turn { kTook, kNothing, kBatchFull };

  Turn TakeFrom(Pool& pool, absl::Time now, Fill& fill, std::vector<Job>& batch,
                std::vector<Job>& expired);
  bool Fits(const Entry& entry, const Fill& fill) const;
  // Moves the first entry of the pool's first key out. The key leaves the ring if that was all, and
  // goes to its end if its turn is over.
  void Pop(Pool& pool, bool turn_over, std::vector<Job>& to);

  const LaneLimits limits_;
  std::unordered_map<std::string, Pool> pools_;
  std::deque<Pool*> ring_;  // of `pools_`, in the order of their turns
  std::size_t size_ = 0;
  std::int64_t memory_ = 0;
  std::uint64_t batch_ = 0;
};

template <typename Job>
bool LaneQueue<Job>::Push(LaneTicket ticket, Job& job) {
  if (size_ >= limits_.queued || memory_ + ticket.memory > limits_.queued_memory) return false;
  Pool& pool = pools_[ticket.pool];
  if (pool.size >= limits_.queued_per_pool) return false;
  if (pool.size == 0) {
    pool.name = std::move(ticket.pool);
    ring_.push_back(&pool);
  }
  Key& key = pool.keys[ticket.key];
  if (key.entries.empty()) {
    key.name = std::move(ticket.key);
    pool.ring.push_back(&key);
  }
  key.entries.push_back(
      {std::move(job), ticket.weight, ticket.bytes, ticket.memory, ticket.deadline});
  ++pool.size;
  ++size_;
  memory_ += ticket.memory;
  return true;
}

template <typename Job>
void LaneQueue<Job>::Take(absl::Time now, std::vector<Job>& batch, std::vector<Job>& expired) {
  ++batch_;
  Fill fill;
  // Pools that have nothing for this batch leave the ring until it is full.
  std::vector<Pool*> done;
  while (!ring_.empty() && fill.jobs < limits_.batch_jobs) {
    Pool& pool = *ring_.front();
    const Turn turn = TakeFrom(pool, now, fill, batch, expired);
    if (turn == Turn::kBatchFull) break;  // The next batch begins with this pool.
    ring_.pop_front();
    if (pool.size == 0) {
      pools_.erase(std::string(pool.name));
    } else if (turn == Turn::kNothing) {
      done.push_back(&pool);
    } else {
      ring_.push_back(&pool);
    }
  }
  ring_.insert(ring_.end(), done.begin(), done.end());
}

template <typename Job>
typename LaneQueue<Job>::Turn LaneQueue<Job>::TakeFrom(Pool& pool, absl::Time now, Fill& fill,
                                                       std::vector<Job>& batch,
                                                       std::vector<Job>& expired) {
  while (pool.size > 0) {
    Key& key = *pool.ring.front();
    Entry& entry = key.entries.front();
    if (entry.deadline <= now) {
      Pop(pool, /*turn_over=*/false, expired);
      continue;
    }
    // Keys that were taken from have gone to the end: all the others have been, too.
    if (key.batch == batch_) return Turn::kNothing;
    if (!Fits(entry, fill)) return Turn::kBatchFull;
    key.batch = batch_;
    ++fill.jobs;
    fill.weight += entry.weight;
    fill.bytes += entry.bytes;
    Pop(pool, /*turn_over=*/true, batch);
    return Turn::kTook;
  }
  return Turn::kNothing;
}

template <typename Job>
bool LaneQueue<Job>::Fits(const Entry& entry, const Fill& fill) const {
  return fill.jobs == 0 || (fill.weight + entry.weight <= limits_.batch_weight &&
                            fill.bytes + entry.bytes <= limits_.batch_bytes);
}

template <typename Job>
void LaneQueue<Job>::Pop(Pool& pool, bool turn_over, std::vector<Job>& to) {
  Key& key = *pool.ring.front();
  to.push_back(std::move(key.entries.front().job));
  memory_ -= key.entries.front().memory;
  --size_;
  --pool.size;
  key.entries.pop_front();
  if (!key.entries.empty() && !turn_over) return;
  pool.ring.pop_front();
  if (key.entries.empty()) {
    pool.keys.erase(std::string(key.name));
  } else {
    pool.ring.push_back(&key);
  }
}

template <typename Job>
void LaneQueue<Job>::TakeAll(std::vector<Job>& jobs) {
  for (Pool* pool : ring_) {
    while (pool->size > 0) Pop(*pool, /*turn_over=*/true, jobs);
  }
  ring_.clear();
  pools_.clear();
}

}  // namespace tidemark::pg
