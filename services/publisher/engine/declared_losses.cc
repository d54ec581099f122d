#include "services/publisher/engine/declared_losses.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/obs/log.h"

namespace tidemark::publisher {
namespace {

constexpr std::size_t kParkedPerTransaction = 200;

}  // namespace

void DeclaredLosses::Park(DestinationId destination, ParkedEvent event) {
  const std::lock_guard lock(mutex_);
  parked_.push_back({destination, std::move(event)});
}

void DeclaredLosses::MarkGapped(const DestinationConfig& destination, Position from,
                                Position through) {
  Mark(destination.id, through);
  obs::Log(
      obs::Level::kError,
      "a stream lost changes that the log had to forget; its consumers must read the pool anew",
      {{"pool_id", destination.pool_id},
       {"stream", destination.stream_name},
       {"from_position", from},
       {"through_position", through}});
}

void DeclaredLosses::Mark(DestinationId destination, Position through) {
  const std::lock_guard lock(mutex_);
  Position& known = gapped_[destination];
  known = std::max(known, through);
}

void DeclaredLosses::Take(Progress& progress) {
  const std::lock_guard lock(mutex_);
  progress.gapped = std::exchange(gapped_, {});
  const std::size_t count = std::min(parked_.size(), kParkedPerTransaction);
  const auto end = parked_.begin() + static_cast<std::ptrdiff_t>(count);
  progress.parked.assign(std::make_move_iterator(parked_.begin()), std::make_move_iterator(end));
  parked_.erase(parked_.begin(), end);
}

void DeclaredLosses::PutBack(Progress progress) {
  for (const auto& [destination, through] : progress.gapped) Mark(destination, through);
  const std::lock_guard lock(mutex_);
  parked_.insert(parked_.begin(), std::make_move_iterator(progress.parked.begin()),
                 std::make_move_iterator(progress.parked.end()));
}

}  // namespace tidemark::publisher
