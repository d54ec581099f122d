#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tidemark::dataset {

// Size and bounds of the change log; see change_log_service.proto.
struct LogDescription {
  std::int64_t end_position = 0;
  std::int64_t emptied_through = 0;
  std::int64_t low_mark = 0;
  std::int64_t size_bytes = 0;
  std::int32_t partitions = 0;
  std::int32_t partitions_ahead = 0;
};

// What the log's followers tell and ask. Blocks; one thread at a time.
class LogUpkeep {
 public:
  virtual ~LogUpkeep() = default;

  // Raises the low mark and returns the position through which the log may be empty.
  virtual absl::StatusOr<std::int64_t> ReportLowMark(std::int64_t low_mark,
                                                     absl::Time deadline) = 0;

  virtual absl::StatusOr<LogDescription> Describe(absl::Time deadline) = 0;
};

}  // namespace tidemark::dataset
