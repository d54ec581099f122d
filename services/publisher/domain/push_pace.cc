#include "services/publisher/domain/push_pace.h"

#include "services/publisher/domain/backoff.h"

namespace tidemark::publisher {
namespace {

// Longer than any pause.
constexpr absl::Duration kRemember = absl::Minutes(2);

Fault FaultOf(PushEnd end) {
  switch (end) {
    case PushEnd::kSent:
    case PushEnd::kDisabled:
    case PushEnd::kGone:
    case PushEnd::kRefused:
      return Fault::kNone;
    case PushEnd::kThrottled:
      return Fault::kThrottled;
    case PushEnd::kTransient:
      return Fault::kTransient;
    case PushEnd::kDenied:
      return Fault::kDenied;
  }
  return Fault::kNone;
}

}  // namespace

absl::Duration PushBackoff(PushEnd end, int failures, Random& random) {
  return BackoffDelay(FaultOf(end), failures, random);
}

void PushPace::Answered(PushEnd end, absl::Time now, Random& random) {
  --in_flight_;
  if (!IsRetried(end)) {
    failures_ = 0;
    limit_ = std::min(most_, limit_ + 1);
    return;
  }
  failed_at_ = now;
  limit_ = std::max<std::size_t>(1, limit_ / 2);
  // Those that were in flight beside one that paused say nothing new.
  if (now < paused_until_ || (end == PushEnd::kTransient && limit_ > 1)) return;
  paused_until_ = now + PushBackoff(end, ++failures_, random);
}

bool PushPace::AtRest(absl::Time now) const {
  const bool recovered = limit_ == most_ && failures_ == 0;
  return in_flight_ == 0 && (recovered || now >= failed_at_ + kRemember);
}

void PushPace::Renew() {
  limit_ = most_;
  failures_ = 0;
  paused_until_ = absl::InfinitePast();
}

}  // namespace tidemark::publisher
