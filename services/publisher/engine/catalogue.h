#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// The destinations that exist, as the stream configuration service tells: one for each pool that
// has a stream; and which of them operators paused. Safe for concurrent use.
class Catalogue {
 public:
  // What is not here any more is kept in mind for so long: a list is only as new as the replica
  // that it came from.
  static constexpr absl::Duration kForgetAfter = absl::Minutes(1);

  // `current` says whether news come in: while they do not, there may be destinations that are not
  // here. Any thread calls it.
  explicit Catalogue(std::function<bool()> current) : current_(std::move(current)) {}

  // Everything that exists: what is left out is gone. `pools`: all, by number; those with a
  // destination may be left out.
  void Replace(std::vector<DestinationConfig> all, std::set<std::int32_t> pools = {});
  // These pools are paused, by number, and no others.
  void Pause(std::set<std::int32_t> pools);

  // Rises with every change; 0 before the first Replace().
  std::int64_t version() const { return version_; }
  bool current() const { return version_ > 0 && current_(); }
  // Whether there is this pool, with a destination or without.
  bool Exists(std::int32_t pool_number) const;
  // In the order given.
  std::vector<DestinationConfig> All() const;

 private:
  const std::function<bool()> current_;
  std::atomic<std::int64_t> version_ = 0;
  mutable std::mutex mutex_;
  std::vector<DestinationConfig> all_;
  std::set<std::int32_t> pools_;
  std::set<std::int32_t> paused_;
};

}  // namespace tidemark::publisher
