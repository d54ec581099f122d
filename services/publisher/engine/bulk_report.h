#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "services/publisher/domain/bulk_walk.h"

namespace tidemark::publisher {

// How far a bulk publish is, by all publishers together.
struct BulkReport {
  std::string pool_id;
  std::int64_t job = 0;
  BulkCounts counts;
  std::int64_t total = 0;  // datasets when it began; 0: not known
  bool ended = false;
  // Once some dataset was refused for good: an example, and what to tell and advise.
  std::optional<BulkFailure> failure;
  std::string failure_message;
};

// What the log shards' progress comes to; without the pool, the job and the total.
BulkReport SumOf(const std::map<LogShard, BulkShard>& shards);

}  // namespace tidemark::publisher
