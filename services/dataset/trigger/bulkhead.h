#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "common/base/units.h"

namespace tidemark::dataset {

// Keeps apart what waits for functions: no pool's calls, nor all of them together, take more than
// their room. Nothing ever waits for a place. Safe for concurrent use.
class Bulkhead {
 public:
  struct Limits {
    int calls_per_pool = 64;
    int calls = 1024;
    // Of events and whole answers that are held in memory: of one pool, and of all. What is still
    // coming in is bounded by the calls, and by what the transport takes of each.
    std::int64_t bytes_per_pool = 64 * kMiB;
    std::int64_t bytes = 256 * kMiB;
  };

  // A place in it; free again when destroyed, which must be before the bulkhead is.
  class Place {
   public:
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Takes room for so many bytes more; false if there is none.
    [[nodiscard]] bool Grow(std::int64_t bytes);

   private:
    friend class Bulkhead;
    Place(Bulkhead& bulkhead, std::string pool) : bulkhead_(bulkhead), pool_(std::move(pool)) {}

    Bulkhead& bulkhead_;
    const std::string pool_;
    std::int64_t bytes_ = 0;
  };

  explicit Bulkhead(const Limits& limits) : limits_(limits) {}

  // Null if the pool, or all together, have no place left.
  std::unique_ptr<Place> Enter(const std::string& pool);

 private:
  struct Use {
    int calls = 0;
    std::int64_t bytes = 0;
  };

  const Limits limits_;
  std::mutex mutex_;
  std::map<std::string, Use> pools_;  // those with calls
  Use all_;
};

}  // namespace tidemark::dataset
