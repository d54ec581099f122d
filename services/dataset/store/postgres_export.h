#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// One attempt at AdminStore::Export: a page of one snapshot.
absl::StatusOr<ExportPage> ExportOnce(pg::Connection& connection, const std::string& pool_id,
                                      std::span<const LogShard> log_shards,
                                      const ExportCursor& after, std::int32_t max_datasets,
                                      std::int64_t max_bytes, absl::Time deadline);

}  // namespace tidemark::dataset
