#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "services/publisher/store/change_log.h"
#include "services/publisher/store/testing/test_change.h"

namespace tidemark::publisher {

// A change log in memory, whose writers can hold transactions open. Safe for concurrent use: each
// reader has a view of its own, as each publisher has a connection.
class FakeChangeLog {
 public:
  // Commits a change.
  Position Write(const TestChange& change) { return Commit(Begin(change)); }

  // Takes a position for a change that is not committed yet; then ends its transaction.
  Position Begin(const TestChange& change);
  Position Commit(Position position);
  void RollBack(Position position);

  // Empties the log up to `position`, as if its bounds were reached.
  void Empty(Position position);
  // Makes every call of readers fail with `status` until OK is set.
  void SetFailure(absl::Status status);
  // The same for reads of a pool's rows alone.
  void SetPoolFailure(absl::Status status);
  // Rows in a page.
  void SetPageRows(std::size_t rows);
  Position end() const;
  // How often a pool's rows were read.
  int pool_reads() const;

  // `pool_number` 0: a poll.
  absl::StatusOr<LogPage> Read(const ShardSet& held, std::span<const PositionRange> ranges,
                               std::int32_t pool_number);
  absl::StatusOr<Xid> TakeXid();

 private:
  struct Row {
    TestChange change;
    std::string body;
    absl::Time commit_time;
    Xid xid = 0;
  };

  mutable std::mutex mutex_;
  std::map<Position, Row> open_;
  std::map<Position, Row> rows_;
  Position end_ = 0;
  Position emptied_through_ = 0;
  Xid next_xid_ = 3;
  std::size_t page_rows_ = 2000;
  absl::Status failure_;
  absl::Status pool_failure_;
  int pool_reads_ = 0;
};

// A reader of it.
class FakeLogReader final : public ChangeLog {
 public:
  explicit FakeLogReader(FakeChangeLog& log) : log_(log) {}

  absl::StatusOr<LogPage> Poll(const ShardSet& held, Position hi,
                               std::span<const PositionRange> gaps) override;
  absl::StatusOr<LogPage> ReadPool(const ShardSet& held, std::int32_t pool_number,
                                   PositionRange range, std::int64_t most) override;
  absl::StatusOr<Xid> TakeXid() override { return log_.TakeXid(); }
  absl::StatusOr<Position> End() override { return log_.end(); }

 private:
  FakeChangeLog& log_;
};

}  // namespace tidemark::publisher
