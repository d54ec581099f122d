#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/base/units.h"
#include "common/pg/connection.h"
#include "common/pg/query.h"
#include "common/pg/reconnector.h"
#include "services/publisher/store/change_log.h"

namespace tidemark::publisher {

// Reads dataset.change_log over one connection, which it makes anew when it breaks.
class PostgresChangeLog final : public ChangeLog {
 public:
  struct Options {
    pg::ConnectOptions connect;
    // Bodies in a page, in bytes; a page holds at least one row nevertheless, and at most 2,000.
    std::int64_t page_bytes = 4 * kMiB;
    absl::Duration timeout = absl::Seconds(10);  // of a statement
  };

  explicit PostgresChangeLog(Options options);

  absl::StatusOr<LogPage> Poll(const ShardSet& held, Position hi,
                               std::span<const PositionRange> gaps) override;
  absl::StatusOr<LogPage> ReadPool(const ShardSet& held, std::int32_t pool_number,
                                   PositionRange range, std::int64_t most) override;
  absl::StatusOr<Xid> TakeXid() override;
  absl::StatusOr<Position> End() override;

 private:
  static constexpr std::int64_t kPageRows = 2000;  // as in the statements

  absl::StatusOr<pg::Result> Run(const pg::Query& query, const pg::Params& params);
  // The log's end, if this is the database that was read before.
  absl::StatusOr<Position> CheckEnd(pg::Connection& connection);

  const Options options_;
  pg::Reconnector connections_;
  // How many rows a poll reads: fewer than would be in a page if they were too large for it.
  std::int64_t page_rows_ = kPageRows;
  bool check_end_ = true;  // nothing was read yet, or a statement failed: it may be another server
  std::string database_;   // that is read; empty at first
  Position highest_ = 0;   // that was read
};

}  // namespace tidemark::publisher
