#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/options.h"
#include "common/pg/reconnector.h"

namespace tidemark::dataset {

struct UpkeepOptions {
  // Positions in a new partition of the change log, at most; fewer when changes are large, so that
  // a partition takes a 16th of log_max_bytes.
  std::int64_t partition_rows = 100'000;
  // Positions for which the log always has room. Kept higher while changes come fast: enough for 2
  // minutes at the rate of late.
  std::int64_t rows_ahead = 300'000;
  // Emptied partitions that may stay attached to the log.
  std::int32_t emptied_kept = 8;
  // What is older, or makes the log larger, is emptied although a publisher needs it.
  absl::Duration log_max_age = absl::Hours(24);
  std::int64_t log_max_bytes = std::int64_t{8} << 30;
  // Records of deleted datasets that one transaction, and one pass, deletes.
  std::int32_t purge_chunk = 1'000;
  std::int64_t purge_records = 20'000;
  // Identities of purged pools that one pass erases, a transaction each.
  std::int32_t purge_identities = 200;
};

// What a pass did and saw.
struct UpkeepReport {
  // A partition of the change log that was emptied: first_position <= position < end_position.
  struct Emptied {
    std::int64_t first_position;
    std::int64_t end_position;
    bool passed;  // false: a publisher still needed it
  };

  std::int32_t partitions_created = 0;
  // Something held a lock that making room in the log needs. Happens for a moment; if it lasts, the
  // room runs out and every write fails.
  bool extension_busy = false;
  std::vector<Emptied> emptied;
  std::int32_t partitions_dropped = 0;
  std::int64_t usage_folded = 0;
  std::int64_t records_purged = 0;
  std::int64_t identities_erased = 0;
  // There is more to purge: the next pass need not wait.
  bool purge_pending = false;
  // Bytes of the log on disk, indexes included.
  std::int64_t log_bytes = 0;
  // Partitions attached to the log, and the positions that it still has room for.
  std::int32_t partitions = 0;
  std::int64_t positions_ahead = 0;
  // How near what publishers have not passed is to the log's bounds in time and bytes: at 1 changes
  // are lost to them. Warn early.
  double log_fill = 0;
};

// The background work on the tables: room in the change log and its emptying, folding of usage,
// deletion of what nobody refers to any more. Any number of replicas may run it; each takes what no
// other works on. Blocks; for one thread.
class PostgresUpkeep {
 public:
  // Connects at the first pass.
  PostgresUpkeep(const pg::ConnectOptions& options, const UpkeepOptions& upkeep);

  // One pass, to be run about every second. Every part is tried; the first error is returned.
  absl::Status Pass(absl::Time deadline, UpkeepReport& report);

 private:
  absl::Status ExtendLog(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);
  absl::Status FoldUsage(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);
  absl::Status EmptyLog(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);
  absl::Status DropEmptied(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);
  absl::Status MeasureLog(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);
  absl::Status PurgeRecords(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);
  absl::Status PurgePools(pg::Connection& connection, absl::Time deadline, UpkeepReport& report);

  // Learns from where the log ends now how fast it grows.
  void ObserveEnd(std::int64_t log_end);

  const UpkeepOptions upkeep_;
  pg::Reconnector connections_;
  absl::Time drop_at_ = absl::InfinitePast();
  std::int64_t log_end_ = 0;
  absl::Time log_end_at_ = absl::InfinitePast();
  double changes_per_second_ = 0;  // of late
};

}  // namespace tidemark::dataset
