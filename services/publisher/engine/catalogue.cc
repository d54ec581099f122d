#include "services/publisher/engine/catalogue.h"

namespace tidemark::publisher {

void Catalogue::Replace(std::vector<DestinationConfig> all) {
  {
    const std::lock_guard lock(mutex_);
    all_ = std::move(all);
  }
  ++version_;
}

std::vector<DestinationConfig> Catalogue::All() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

}  // namespace tidemark::publisher
