#pragma once

#include <span>
#include <string>

#include "common/base/random.h"
#include "common/pg/options.h"
#include "common/pg/reconnector.h"
#include "services/dataset/store/snapshots.h"

namespace tidemark::dataset {

// Whole datasets in PostgreSQL, on one connection: no reader or writer of anything else waits for
// it. Each call is one REPEATABLE READ transaction, so that a page is of one moment.
class PostgresSnapshots final : public SnapshotStore {
 public:
  // Connects at the first call. `random` outlives the store.
  explicit PostgresSnapshots(const pg::ConnectOptions& options, Random& random = SystemRandom());

  absl::StatusOr<SnapshotPage> Read(const std::string& pool_id,
                                    std::span<const LogShard> log_shards,
                                    const SnapshotCursor& after, const SnapshotBounds& bounds,
                                    absl::Time deadline) override;
  absl::StatusOr<FoundSnapshots> Get(const std::string& pool_id,
                                     std::span<const DatasetKey> datasets, std::int64_t max_bytes,
                                     absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Count(const std::string& pool_id, absl::Time deadline) override;

 private:
  absl::StatusOr<pg::Connection*> Connect(absl::Time deadline);

  pg::Reconnector connections_;
};

}  // namespace tidemark::dataset
