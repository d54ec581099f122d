#include "services/publisher/store/testing/fake_change_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/owner.h"
#include "common/base/status_macros.h"

namespace tidemark::publisher {

Position FakeChangeLog::Begin(const TestChange& change) {
  const std::lock_guard lock(mutex_);
  open_[++end_] = {change, BodyOf(change), absl::Now(), next_xid_++};
  return end_;
}

Position FakeChangeLog::Commit(Position position) {
  const std::lock_guard lock(mutex_);
  rows_.insert(open_.extract(position));
  return position;
}

void FakeChangeLog::RollBack(Position position) {
  const std::lock_guard lock(mutex_);
  open_.erase(position);
}

void FakeChangeLog::Empty(Position position) {
  const std::lock_guard lock(mutex_);
  emptied_through_ = position;
  rows_.erase(rows_.begin(), rows_.upper_bound(position));
}

void FakeChangeLog::SetFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

void FakeChangeLog::SetPoolFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  pool_failure_ = std::move(status);
}

void FakeChangeLog::SetPageRows(std::size_t rows) {
  const std::lock_guard lock(mutex_);
  page_rows_ = rows;
}

Position FakeChangeLog::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

int FakeChangeLog::pool_reads() const {
  const std::lock_guard lock(mutex_);
  return pool_reads_;
}

absl::StatusOr<LogPage> FakeChangeLog::Read(const ShardSet& held_shards,
                                            std::span<const PositionRange> ranges,
                                            std::int32_t pool_number) {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  if (pool_number != 0) {
    ++pool_reads_;
    TM_RETURN_IF_ERROR(pool_failure_);
  }
  LogPage page;
  page.emptied_through = emptied_through_;
  page.xmin = next_xid_;
  for (const auto& [position, row] : open_) page.xmin = std::min(page.xmin, row.xid);
  auto held = std::make_shared<std::vector<Row>>();
  held->reserve(page_rows_);  // the rows must stay where they are
  for (const PositionRange& range : ranges) {
    for (auto it = rows_.lower_bound(range.first); it != rows_.end() && it->first <= range.last;
         ++it) {
      const LogShard shard =
          LogShardOf(OwnerOf(it->second.change.pool_id, it->second.change.identity_id));
      const bool wanted = held_shards[shard.value()];
      if (pool_number != 0 && (it->second.change.pool_number != pool_number || !wanted)) continue;
      if (std::max(page.rows.size(), page.positions.size()) == page_rows_) {
        page.complete = false;
        break;
      }
      if (pool_number == 0) page.positions.push_back(it->first);
      if (!wanted) continue;
      const Row& row = held->emplace_back(it->second);
      const TestChange& change = row.change;
      page.rows.push_back({.position = it->first,
                           .log_shard = shard,
                           .pool_number = change.pool_number,
                           .sync_count = change.sync_count,
                           .generation = change.generation,
                           .kind = change.kind,
                           .commit_time = row.commit_time,
                           .traceparent = change.traceparent,
                           .body = row.body});
    }
  }
  page.bytes = std::move(held);
  return page;
}

absl::StatusOr<Xid> FakeChangeLog::TakeXid() {
  const std::lock_guard lock(mutex_);
  TM_RETURN_IF_ERROR(failure_);
  return next_xid_++;
}

absl::StatusOr<LogPage> FakeLogReader::Poll(const ShardSet& held, Position hi,
                                            std::span<const PositionRange> gaps) {
  std::vector<PositionRange> ranges(gaps.begin(), gaps.end());
  ranges.push_back({hi + 1, kMaxPosition});
  return log_.Read(held, ranges, 0);
}

absl::StatusOr<LogPage> FakeLogReader::ReadPool(const ShardSet& held, std::int32_t pool_number,
                                                PositionRange range, std::int64_t most) {
  return log_.Read(held, {&range, 1}, pool_number);
}

}  // namespace tidemark::publisher
