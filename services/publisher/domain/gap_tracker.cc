#include "services/publisher/domain/gap_tracker.h"

#include <algorithm>

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kAgeForProof = absl::Milliseconds(50);

}  // namespace

std::vector<PositionRange> GapTracker::Apply(const Poll& poll) {
  const Position before = hi_;
  for (const Position position : poll.positions) {
    if (position <= before) {
      Fill(position);
      continue;
    }
    if (position > hi_ + 1) {
      gaps_.emplace(hi_ + 1, Gap{.last = position - 1, .seen = poll.time});
    }
    hi_ = position;
  }
  const Position examined =
      poll.complete || poll.positions.empty() ? kMaxPosition : poll.positions.back();
  return Bury(examined, poll.xmin);
}

bool GapTracker::WantsProof(absl::Time now) const {
  return std::any_of(gaps_.begin(), gaps_.end(), [now](const Gaps::value_type& gap) {
    return gap.second.proof == 0 && now - gap.second.seen >= kAgeForProof;
  });
}

void GapTracker::AddProof(Xid xid) {
  for (auto& [first, gap] : gaps_) {
    if (gap.proof == 0) gap.proof = xid;
  }
}

void GapTracker::ForgetProofs() {
  for (auto& [first, gap] : gaps_) gap.proof = 0;
}

std::vector<PositionRange> GapTracker::gaps() const {
  std::vector<PositionRange> ranges;
  ranges.reserve(gaps_.size());
  for (const auto& [first, gap] : gaps_) ranges.push_back({first, gap.last});
  return ranges;
}

bool GapTracker::InGap(Position position) const {
  const auto after = gaps_.upper_bound(position);
  return after != gaps_.begin() && std::prev(after)->second.last >= position;
}

void GapTracker::Fill(Position position) {
  const auto after = gaps_.upper_bound(position);
  if (after == gaps_.begin()) return;
  const auto found = std::prev(after);
  const Position first = found->first;
  const Gap gap = found->second;
  if (gap.last < position) return;
  gaps_.erase(found);
  const auto keep = [this, &gap](Position from, Position last) {
    if (from <= last) gaps_.emplace(from, Gap{last, gap.seen, gap.proof});
  };
  keep(first, position - 1);
  keep(position + 1, gap.last);
}

std::vector<PositionRange> GapTracker::Bury(Position examined, Xid xmin) {
  std::vector<PositionRange> dead;
  for (auto it = gaps_.begin(); it != gaps_.end();) {
    const Gap& gap = it->second;
    if (gap.last <= examined && gap.proof != 0 && xmin >= gap.proof) {
      dead.push_back({it->first, gap.last});
      it = gaps_.erase(it);
    } else {
      ++it;
    }
  }
  return dead;
}

}  // namespace tidemark::publisher
