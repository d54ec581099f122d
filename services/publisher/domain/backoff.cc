#include "services/publisher/domain/backoff.h"

#include <algorithm>

#include "common/base/backoff.h"

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
    case Fault::kRoleRefused:
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
  const auto [first, longest] = RangeOf(fault);
  const int doublings = std::clamp(failures - 1, 0, kMaxDoublings);
  return WithJitter(std::min(longest, first * (1 << doublings)), random);
}

}  // namespace tidemark::publisher
