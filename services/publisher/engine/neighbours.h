#pragma once

#include <string>

#include "services/publisher/domain/types.h"
#include "services/publisher/engine/bulk_report.h"

namespace tidemark::publisher {

// What the publisher tells other services. Calls return at once; what fails is logged and, where it
// matters, asked for again by the caller. Safe for concurrent use.
class Neighbours {
 public:
  virtual ~Neighbours() = default;

  // Turns the stream off, because it can't be written (contract section 5). `reason` says what to
  // do. Does nothing if the pool's stream is at another epoch.
  virtual void TurnOff(const DestinationConfig& destination, const std::string& reason) = 0;

  // Nothing at or below `position` is needed any more.
  virtual void ReportLowMark(Position position) = 0;

  // How far a bulk publish is; if it has ended, whether well. Does nothing if that is known
  // already.
  virtual void ReportBulkPublish(const BulkReport& report) = 0;
};

}  // namespace tidemark::publisher
