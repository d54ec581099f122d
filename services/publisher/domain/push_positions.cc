#include "services/publisher/domain/push_positions.h"

#include <algorithm>

namespace tidemark::publisher {

PushPositions::PushPositions(const ShardSet& held, const ShardPositions& pushed, Position read_mark)
    : held_(held), stored_(pushed), read_mark_(read_mark) {}

ShardPositions PushPositions::Pushed() const {
  ShardPositions pushed{};
  for (std::size_t i = 0; i < pushed.size(); ++i) {
    if (!held_[i]) continue;
    Position position = read_mark_;
    if (!waiting_[i].empty()) position = std::min(position, *waiting_[i].begin() - 1);
    pushed[i] = std::max({position, read_mark_ - kPushReadBack, stored_[i]});
  }
  return pushed;
}

}  // namespace tidemark::publisher
