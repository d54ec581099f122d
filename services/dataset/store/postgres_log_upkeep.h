#pragma once

#include "common/pg/options.h"
#include "common/pg/reconnector.h"
#include "services/dataset/store/log_upkeep.h"

namespace tidemark::dataset {

// What the change log's followers tell and ask, in PostgreSQL.
class PostgresLogUpkeep final : public LogUpkeep {
 public:
  // Connects at the first call.
  explicit PostgresLogUpkeep(const pg::ConnectOptions& options) : connections_(options) {}

  // A mark beyond the end of the log counts as its end.
  absl::StatusOr<std::int64_t> ReportLowMark(std::int64_t low_mark, absl::Time deadline) override;

  // The end position is the highest one taken: later commits may lie below it.
  absl::StatusOr<LogDescription> Describe(absl::Time deadline) override;

 private:
  pg::Reconnector connections_;
};

}  // namespace tidemark::dataset
