#include "services/stream_config/store/pool_log.h"

#include <algorithm>
#include <utility>

namespace tidemark::stream_config {

void PoolLog::Apply(PoolChange change) {
  const auto [known, inserted] = revision_of_.try_emplace(change.pool_id, change.revision);
  if (!inserted) {
    by_revision_.erase(known->second);
    known->second = change.revision;
  }
  Entry entry{.pool_id = change.pool_id};
  if (change.pool) {
    entry.pool = std::make_shared<const Pool>(*std::move(change.pool));
  } else {
    deleted_.emplace(change.revision, change.pool_id);
  }
  by_revision_.emplace(change.revision, std::move(entry));
  head_ = change.revision;
  if (deleted_.size() > max_deleted_) Forget();
}

void PoolLog::Forget() {
  const auto oldest = deleted_.begin();
  forgotten_ = oldest->first;
  by_revision_.erase(oldest->first);
  revision_of_.erase(oldest->second);
  deleted_.erase(oldest);
}

std::optional<PoolBatch> PoolLog::Next(Cursor& cursor, std::size_t limit) const {
  PoolBatch batch;
  auto entry = by_revision_.upper_bound(cursor.read);
  for (; entry != by_revision_.end(); ++entry) {
    if (batch.pools.size() + batch.deleted.size() == limit) break;
    if (entry->second.pool != nullptr) {
      batch.pools.push_back(entry->second.pool);
    } else if (entry->first > cursor.begun) {
      batch.deleted.push_back(entry->second.pool_id);
    }
    cursor.read = entry->first;
  }
  if (entry == by_revision_.end() && !cursor.list_done) {
    batch.list_done = true;
    cursor.list_done = true;
  }
  if (batch.pools.empty() && batch.deleted.empty() && !batch.list_done) return std::nullopt;
  return batch;
}

bool PoolLog::FellBehind(const Cursor& cursor) const {
  return std::max(cursor.read, cursor.begun) < forgotten_;
}

}  // namespace tidemark::stream_config
