#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/random.h"

namespace tidemark {

// By chance up to half of `wait` less, so that many who failed together do not try again together.
inline absl::Duration WithJitter(absl::Duration wait, Random& random) {
  constexpr double kRange = 18446744073709551616.0;  // 2^64, what Random::Next stays below
  return wait * (1.0 - 0.5 * (static_cast<double>(random.Next()) / kRange));
}

// How long to wait between attempts: twice as long after each, up to a bound, with jitter.
class Backoff {
 public:
  // `random` must outlive it.
  Backoff(absl::Duration first, absl::Duration longest, Random& random)
      : first_(first), longest_(longest), random_(&random), next_(first) {}

  // The wait before the next attempt.
  absl::Duration Next() {
    const absl::Duration wait = next_;
    next_ = std::min(longest_, 2 * next_);
    return WithJitter(wait, *random_);
  }

  // After a success.
  void Reset() { next_ = first_; }

 private:
  absl::Duration first_;
  absl::Duration longest_;
  Random* random_;
  absl::Duration next_;
};

}  // namespace tidemark
