#include "services/stream_config/store/memory_store.h"

#include <algorithm>

#include "common/base/status_macros.h"
#include "services/stream_config/domain/pool_errors.h"

namespace tidemark::stream_config {

MemoryStore::Entry* MemoryStore::FindLive(std::string_view pool_id) {
  const auto found = pools_.find(pool_id);
  return found == pools_.end() || found->second.held.deleted ? nullptr : &found->second;
}

Revision MemoryStore::NextRevision() {
  head_ = Revision(head_.value() + 1);
  return head_;
}

absl::StatusOr<std::optional<Pool>> MemoryStore::FindRepeatLocked(const Creation& creation) const {
  std::vector<HeldPool> held;
  for (const auto& [id, entry] : pools_) held.push_back(entry.held);
  return AnswerRepeat(creation, held);
}

absl::StatusOr<std::optional<Pool>> MemoryStore::FindRepeat(const Creation& creation, absl::Time) {
  const std::lock_guard lock(mutex_);
  return FindRepeatLocked(creation);
}

absl::StatusOr<Pool> MemoryStore::Create(const Creation& creation, absl::Time) {
  const std::lock_guard lock(mutex_);
  TM_ASSIGN_OR_RETURN(std::optional<Pool> repeated, FindRepeatLocked(creation));
  if (repeated) return *std::move(repeated);

  last_number_ = PoolNumber(last_number_.value() + 1);
  Entry entry{.held = {creation.pool, creation.request_id, creation.content_hash},
              .revision = NextRevision()};
  entry.held.pool.number = last_number_;
  entry.held.pool.version = Version(1);
  return pools_.emplace(creation.pool.id, std::move(entry)).first->second.held.pool;
}

absl::StatusOr<Pool> MemoryStore::Get(std::string_view pool_id, absl::Time) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = FindLive(pool_id);
  if (entry == nullptr) return PoolNotFound(pool_id);
  return entry->held.pool;
}

absl::StatusOr<std::vector<Pool>> MemoryStore::List(std::string_view after_id, std::int32_t limit,
                                                    absl::Time) {
  const std::lock_guard lock(mutex_);
  std::vector<Pool> page;
  for (auto entry = pools_.upper_bound(after_id);
       entry != pools_.end() && page.size() < static_cast<std::size_t>(limit); ++entry) {
    if (!entry->second.held.deleted) page.push_back(entry->second.held.pool);
  }
  return page;
}

absl::StatusOr<Pool> MemoryStore::Replace(const Pool& pool, absl::Time) {
  const std::lock_guard lock(mutex_);
  Entry* entry = FindLive(pool.id);
  if (entry == nullptr) return PoolNotFound(pool.id);
  const Version current = entry->held.pool.version;
  if (current != pool.version) return VersionMismatch(pool.id, pool.version, current);
  const std::string external_id = entry->held.pool.role_external_id;
  entry->held.pool = pool;
  entry->held.pool.role_external_id = external_id;
  entry->held.pool.version = Version(current.value() + 1);
  entry->revision = NextRevision();
  return entry->held.pool;
}

absl::StatusOr<BulkPublishStatus> MemoryStore::GetBulkPublish(std::string_view pool_id,
                                                              absl::Time) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = FindLive(pool_id);
  if (entry == nullptr) return PoolNotFound(pool_id);
  BulkPublishStatus status{.bulk_publish = entry->held.pool.bulk_publish};
  if (status.bulk_publish && status.bulk_publish->job == entry->progress_job) {
    status.progress = entry->progress;
  }
  return status;
}

absl::Status MemoryStore::NoteBulkProgress(std::string_view pool_id, BulkJob job,
                                           const BulkProgress& progress, absl::Time now,
                                           absl::Time) {
  const std::lock_guard lock(mutex_);
  Entry* entry = FindLive(pool_id);
  if (entry == nullptr) return PoolNotFound(pool_id);
  const std::optional<BulkPublish>& last = entry->held.pool.bulk_publish;
  if (!last || last->job != job || !last->Running()) return absl::OkStatus();
  if (entry->progress_job != job) entry->progress = {};
  entry->progress = Advance(entry->progress, progress, now);
  entry->progress_job = job;
  return absl::OkStatus();
}

absl::Status MemoryStore::Delete(std::string_view pool_id, std::optional<Version> expected,
                                 absl::Time now, absl::Time) {
  const std::lock_guard lock(mutex_);
  Entry* entry = FindLive(pool_id);
  if (entry == nullptr) return PoolNotFound(pool_id);
  const Version current = entry->held.pool.version;
  if (expected && *expected != current) return VersionMismatch(pool_id, *expected, current);
  entry->held.deleted = true;
  entry->delete_time = now;
  entry->revision = NextRevision();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> MemoryStore::ListUnpurged(absl::Time before,
                                                                   std::int32_t limit, absl::Time) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, entry] : pools_) {
    if (ids.size() == static_cast<std::size_t>(limit)) break;
    if (entry.held.deleted && !entry.purged && entry.delete_time < before) ids.push_back(id);
  }
  return ids;
}

absl::Status MemoryStore::MarkPurged(std::string_view pool_id, absl::Time, absl::Time) {
  const std::lock_guard lock(mutex_);
  const auto found = pools_.find(pool_id);
  if (found != pools_.end() && found->second.held.deleted) found->second.purged = true;
  return absl::OkStatus();
}

absl::StatusOr<ChangePage> MemoryStore::ChangesSince(Revision after, std::int32_t limit,
                                                     absl::Time) {
  const std::lock_guard lock(mutex_);
  ChangePage page{.head = head_};
  for (const auto& [id, entry] : pools_) {
    if (entry.revision <= after) continue;
    PoolChange change{.revision = entry.revision, .pool_id = id};
    if (!entry.held.deleted) change.pool = entry.held.pool;
    page.changes.push_back(std::move(change));
  }
  std::sort(page.changes.begin(), page.changes.end(),
            [](const PoolChange& a, const PoolChange& b) { return a.revision < b.revision; });
  if (page.changes.size() > static_cast<std::size_t>(limit)) {
    page.changes.resize(static_cast<std::size_t>(limit));
  }
  return page;
}

}  // namespace tidemark::stream_config
