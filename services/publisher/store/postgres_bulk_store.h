#pragma once

#include "common/pg/reconnector.h"
#include "services/publisher/store/bulk_store.h"

namespace tidemark::publisher {

// Bulk publishes in the schema `publisher`.
class PostgresBulkStore final : public BulkStore {
 public:
  // Connects at the first call. The options' statement timeout bounds each statement.
  explicit PostgresBulkStore(const pg::ConnectOptions& options)
      : timeout_(options.statement_timeout), connections_(options) {}

  absl::StatusOr<std::map<LogShard, BulkShard>> Load(std::int32_t pool_number,
                                                     std::int64_t job) override;
  absl::Status Forget(std::span<const Ended> ended) override;

 private:
  const absl::Duration timeout_;
  pg::Reconnector connections_;
};

}  // namespace tidemark::publisher
