#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// The destinations that exist, as the stream configuration service tells: one for each pool that
// has a stream. Safe for concurrent use.
class Catalogue {
 public:
  // `current` says whether news come in: while they do not, there may be destinations that are not
  // here. Any thread calls it.
  explicit Catalogue(std::function<bool()> current) : current_(std::move(current)) {}

  // Everything that exists: what is left out is gone.
  void Replace(std::vector<DestinationConfig> all);

  // Rises with every Replace(); 0 before the first.
  std::int64_t version() const { return version_; }
  bool current() const { return version_ > 0 && current_(); }
  // In the order given.
  std::vector<DestinationConfig> All() const;

 private:
  const std::function<bool()> current_;
  std::atomic<std::int64_t> version_ = 0;
  mutable std::mutex mutex_;
  std::vector<DestinationConfig> all_;
};

}  // namespace tidemark::publisher
