#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Declared losses on their way to the database: parked changes, and destinations that lost some
// because the log had to forget them. Safe for concurrent use.
class DeclaredLosses {
 public:
  void Park(DestinationId destination, ParkedEvent event);
  // The log had to forget changes after `from`, up to `through`, that it had not got.
  void MarkGapped(const DestinationConfig& destination, Position from, Position through);

  // Moves what waits into `progress`: all the gapped, and parked changes up to a number that suits
  // one transaction.
  void Take(Progress& progress);
  // Takes it back: it could not be stored.
  void PutBack(Progress progress);

 private:
  void Mark(DestinationId destination, Position through);

  std::mutex mutex_;
  std::vector<NewlyParked> parked_;
  std::map<DestinationId, Position> gapped_;
};

}  // namespace tidemark::publisher
