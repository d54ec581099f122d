#include "services/publisher/domain/balance.h"

#include "common/base/owner.h"

namespace tidemark::publisher {

int FairShare(const Standing& standing) {
  constexpr int kAll = static_cast<int>(kLogShards);
  const int remainder = kAll % standing.members;
  return kAll / standing.members + (standing.rank < remainder ? 1 : 0);
}

bool WantsToMove(const Standing& standing) {
  const int share = FairShare(standing);
  return standing.held > share || (standing.held < share && standing.free > 0);
}

}  // namespace tidemark::publisher
