#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tidemark::dataset {

// Counts sync sessions per pool between two flushes to the store (contract section 11, choice 25).
// What was counted since the last flush is lost if the process dies. Safe for concurrent use.
class SessionCounter {
 public:
  void Count(const std::string& pool_id) { Add({{pool_id, 1}}); }

  // Takes all counts, to store them; Add gives them back if that failed.
  std::vector<std::pair<std::string, std::int64_t>> Take() {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, std::int64_t>> counts(counts_.begin(), counts_.end());
    counts_.clear();
    return counts;
  }

  void Add(const std::vector<std::pair<std::string, std::int64_t>>& counts) {
    const std::lock_guard lock(mutex_);
    for (const auto& [pool_id, count] : counts) counts_[pool_id] += count;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace tidemark::dataset
