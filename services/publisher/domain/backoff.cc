#include "services/publisher/domain/backoff.h"

#include <algorithm>

namespace tidemark::publisher {
namespace {

struct Range {
  absl::Duration first;
  absl::Duration longest;
};

Range RangeOf(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return {absl::ZeroDuration(), absl::ZeroDuration()};
    case Fault::kTransient:
    case Fault::kCredentials:
      return {absl::Milliseconds(50), absl::Seconds(5)};
    case Fault::kThrottled:
      return {absl::Milliseconds(200), absl::Seconds(15)};
    case Fault::kStreamMissing:
      return {absl::Seconds(1), absl::Seconds(15)};
    case Fault::kRefused:
    case Fault::kDenied:
      return {absl::Seconds(2), absl::Seconds(60)};
  }
  return {absl::Seconds(2), absl::Seconds(60)};
}

}  // namespace

absl::Duration BackoffDelay(Fault fault, int failures, Random& random) {
  constexpr int kMaxDoublings = 16;
  const Range range = RangeOf(fault);
  const int doublings = std::clamp(failures - 1, 0, kMaxDoublings);
  const absl::Duration whole = std::min(range.longest, range.first * (1 << doublings));
  const double part = static_cast<double>(random.Next() >> 11) / static_cast<double>(1ULL << 53);
  return whole * (0.5 + 0.5 * part);
}

}  // namespace tidemark::publisher
