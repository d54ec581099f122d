#include <algorithm>
#include <tuple>

#include "services/dataset/store/memory_store.h"

namespace tidemark::dataset {
namespace {

auto PlaceOf(const DatasetKey& key) {
  return std::tie(key.identity.owner, key.identity.identity_id, key.name);
}

Snapshot SnapshotOf(const DatasetState& state) {
  Snapshot snapshot{.info = state.info, .records = {}};
  if (!state.info.live) return snapshot;
  for (const auto& [key, record] : state.records) {
    if (record.value) snapshot.records.push_back(record);
  }
  return snapshot;
}

}  // namespace

absl::StatusOr<SnapshotPage> MemoryStore::Read(const std::string& pool_id,
                                               std::span<const LogShard> log_shards,
                                               const SnapshotCursor& after,
                                               const SnapshotBounds& bounds, absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  std::vector<const DatasetState*> wanted;
  for (const auto& [key, state] : datasets_) {
    const bool asked =
        log_shards.empty() || std::ranges::count(log_shards, LogShardOf(key.identity.owner)) > 0;
    if (key.identity.pool_id == pool_id && state.info.live && asked &&
        PlaceOf(key) > std::tie(after.owner, after.identity_id, after.name)) {
      wanted.push_back(&state);
    }
  }
  std::ranges::sort(wanted, [](const DatasetState* a, const DatasetState* b) {
    return PlaceOf(a->info.key) < PlaceOf(b->info.key);
  });
  SnapshotPage page;
  std::int64_t bytes = 0;
  for (const DatasetState* state : wanted) {
    if (page.snapshots.size() == static_cast<std::size_t>(bounds.datasets) ||
        bytes >= bounds.bytes) {
      page.next = CursorAt(page.snapshots.back().info.key);
      break;
    }
    bytes += SnapshotBytes(state->info);
    page.snapshots.push_back(SnapshotOf(*state));
  }
  return page;
}

absl::StatusOr<FoundSnapshots> MemoryStore::Get(const std::string& pool_id,
                                                std::span<const DatasetKey> datasets,
                                                std::int64_t max_bytes, absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  FoundSnapshots found;
  std::int64_t bytes = 0;
  for (const DatasetKey& key : datasets) {
    if (bytes >= max_bytes) break;
    ++found.examined;
    const DatasetState* const state = Find(key);
    if (state == nullptr) continue;
    found.snapshots.push_back(SnapshotOf(*state));
    if (state->info.live) bytes += SnapshotBytes(state->info);
  }
  return found;
}

absl::StatusOr<std::int64_t> MemoryStore::Count(const std::string& pool_id, absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  return std::ranges::count_if(datasets_, [&pool_id](const auto& entry) {
    return entry.first.identity.pool_id == pool_id && entry.second.info.live;
  });
}

}  // namespace tidemark::dataset
