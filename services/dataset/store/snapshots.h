#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/owner.h"
#include "common/base/units.h"
#include "services/dataset/domain/types.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// A dataset with its live records, as of one moment. Of a tombstone: its description alone.
struct Snapshot {
  DatasetInfo info;
  std::vector<Record> records;
};

// What it takes in a page: keys, values, and kRecordOverhead for each record.
inline std::int64_t SnapshotBytes(const DatasetInfo& info) {
  return info.bytes + info.live_records * kRecordOverhead;
}

// A place in the order of (owner, identity id, name); reading goes on after it.
struct SnapshotCursor {
  Owner owner{INT64_MIN};
  std::string identity_id;
  std::string name;
};

inline SnapshotCursor CursorAt(const DatasetKey& key) {
  return {key.identity.owner, key.identity.identity_id, key.name};
}

struct SnapshotBounds {
  // Datasets in a page, at most.
  std::int32_t datasets = 1'000;
  // The page ends with the dataset that brings SnapshotBytes to this.
  std::int64_t bytes = kMiB;
  // Identities of the pool to look at, at most, whether or not they have a dataset that is wanted.
  std::int32_t identities = 10'000;
};

struct SnapshotPage {
  std::vector<Snapshot> snapshots;
  // Where to go on; nullopt: this was the end.
  std::optional<SnapshotCursor> next;
};

struct FoundSnapshots {
  // In the order asked for, tombstones included; without those that never existed.
  std::vector<Snapshot> snapshots;
  // How many of those asked for, from the first, were dealt with.
  std::int32_t examined = 0;
};

// Reads whole datasets of a pool. Blocks; one thread at a time. Failures as of the other stores.
class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;

  // Live datasets after `after` in order of (owner, identity id, name), of the given log shards
  // (empty: all). The page is of one moment; it may be empty and have a next one.
  virtual absl::StatusOr<SnapshotPage> Read(const std::string& pool_id,
                                            std::span<const LogShard> log_shards,
                                            const SnapshotCursor& after,
                                            const SnapshotBounds& bounds, absl::Time deadline) = 0;

  // The given datasets (all of `pool_id`), as of one moment. Ends with the one that brings
  // SnapshotBytes to `max_bytes`.
  virtual absl::StatusOr<FoundSnapshots> Get(const std::string& pool_id,
                                             std::span<const DatasetKey> datasets,
                                             std::int64_t max_bytes, absl::Time deadline) = 0;

  // Live datasets of the pool.
  virtual absl::StatusOr<std::int64_t> Count(const std::string& pool_id, absl::Time deadline) = 0;
};

}  // namespace tidemark::dataset
