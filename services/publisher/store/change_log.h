#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// A row of the change log as it is stored. Views live as long as their page.
struct LogRow {
  Position position = 0;
  LogShard log_shard;
  std::int32_t pool_number = 0;
  std::int64_t sync_count = 0;
  std::int64_t generation = 0;
  ChangeKind kind = ChangeKind::kUpdate;
  absl::Time commit_time;
  std::string_view traceparent;  // empty for none
  // tidemark.change.v1.Change without what stands in columns.
  std::string_view body;
};

// Rows of one statement with one snapshot, in order of position.
struct LogPage {
  std::vector<LogRow> rows;  // of the shards that were asked for
  // Of a poll: those of all rows, of whatever shard.
  std::vector<Position> positions;
  // False: cut off by its bounds after the last row.
  bool complete = true;
  // pg_snapshot_xmin of the snapshot.
  Xid xmin = 0;
  // Positions at or below may be gone from the log.
  Position emptied_through = 0;
  // What the views point into.
  std::shared_ptr<const void> bytes;
};

// The change log, for one reader. Blocking, one thread at a time. Errors: UNAVAILABLE
// DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL; the next call tries anew. DATA_LOSS once the
// database is another one than before, restored or failed over, or the log ends below what was read
// from it: the reader must begin again. That is noticed by the first call after one that failed,
// and by End().
class ChangeLog {
 public:
  virtual ~ChangeLog() = default;

  // Rows above `hi` and in `gaps`, which lie at or below: the positions of all, and what is in
  // those of the shards `held`.
  virtual absl::StatusOr<LogPage> Poll(const ShardSet& held, Position hi,
                                       std::span<const PositionRange> gaps) = 0;

  // Rows of the pool in `range`, of the shards `held` alone, until their bodies have `most` bytes:
  // one at least. `complete` and the rows say how far it came.
  virtual absl::StatusOr<LogPage> ReadPool(const ShardSet& held, std::int32_t pool_number,
                                           PositionRange range, std::int64_t most) = 0;

  // A transaction id taken in a transaction of its own.
  virtual absl::StatusOr<Xid> TakeXid() = 0;

  // The highest position taken by a writer.
  virtual absl::StatusOr<Position> End() = 0;
};

}  // namespace tidemark::publisher
