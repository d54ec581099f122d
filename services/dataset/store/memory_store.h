#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "services/dataset/domain/identity_merge.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/store/snapshots.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// A row of the change log, as tests compare it.
struct LoggedChange {
  enum class Kind { kUpdate = 1, kDelete = 2, kSnapshot = 3 };

  std::int64_t position = 0;
  Kind kind = Kind::kUpdate;
  DatasetKey dataset;
  PoolNumber pool_number;
  SyncCount sync_count;
  Generation generation;
  absl::Time time;
  ChangeOrigin origin;
  std::vector<Record> records;  // of a snapshot with counts of their own, else the change's
};

// Keeps datasets in memory, deciding by the domain's pure rules: for tests of what stands above the
// store, and the model that the PostgreSQL store is held to. Safe for concurrent use.
class MemoryStore final : public UpdateStore,
                          public ReadStore,
                          public AdminStore,
                          public SnapshotStore {
 public:
  // `clock` outlives the store.
  explicit MemoryStore(const Clock& clock) : clock_(clock) {}

  std::vector<UpdateOutcome> Update(std::span<const UpdateRequest* const> requests,
                                    absl::Time deadline) override;

  void ListDatasets(const IdentityKey& identity, const std::string& after_name, std::int32_t limit,
                    absl::Time deadline, Callback<DatasetPage> done) override;
  void DescribeDataset(const DatasetKey& dataset, absl::Time deadline,
                       Callback<std::optional<DatasetInfo>> done) override;
  void ListRecords(const RecordQuery& query, absl::Time deadline,
                   Callback<RecordPage> done) override;
  void View(const ViewQuery& query, absl::Time deadline, Callback<DatasetView> done) override;
  void DescribeIdentity(const IdentityKey& identity, absl::Time deadline,
                        Callback<IdentityUsage> done) override;
  void DescribePool(const std::string& pool_id, absl::Time deadline,
                    Callback<PoolUsage> done) override;
  void ListIdentities(const std::string& pool_id, const std::string& prefix,
                      const std::string& after_id, std::int32_t limit, absl::Time deadline,
                      Callback<IdentityPage> done) override;
  void LogEndPosition(absl::Time deadline, Callback<std::int64_t> done) override;

  absl::StatusOr<DeleteOutcome> Delete(const DeleteRequest& request, absl::Time deadline) override;
  absl::StatusOr<std::vector<DatasetInfo>> Merge(const MergeRequest& request,
                                                 absl::Time deadline) override;
  absl::StatusOr<Erased> Erase(const EraseRequest& request, absl::Time deadline) override;
  absl::StatusOr<std::int64_t> PurgePool(const std::string& pool_id, bool force,
                                         absl::Time deadline) override;
  absl::Status AddSessions(std::span<const std::pair<std::string, std::int64_t>> sessions,
                           absl::Time deadline) override;
  absl::StatusOr<std::vector<PoolUsage>> DescribePools(std::span<const std::string> pool_ids,
                                                       absl::Time deadline) override;

  absl::StatusOr<SnapshotPage> Read(const std::string& pool_id,
                                    std::span<const LogShard> log_shards,
                                    const SnapshotCursor& after, const SnapshotBounds& bounds,
                                    absl::Time deadline) override;
  absl::StatusOr<FoundSnapshots> Get(const std::string& pool_id,
                                     std::span<const DatasetKey> datasets, std::int64_t max_bytes,
                                     absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Count(const std::string& pool_id, absl::Time deadline) override;

  // The change log so far.
  std::vector<LoggedChange> Log() const;

 private:
  using Datasets = std::map<DatasetKey, DatasetState>;

  // All of these run under mutex_.
  DatasetState* Find(const DatasetKey& key);
  std::vector<DatasetKey> LiveDatasets(const IdentityKey& identity) const;
  UpdateOutcome UpdateOne(const UpdateRequest& request, absl::Time now);
  DeleteOutcome DeleteOne(const DeleteRequest& request, absl::Time now);
  // Deletes a live dataset as part of something larger.
  void DeleteHeld(const DatasetKey& key, PoolNumber pool_number, const ChangeOrigin& origin,
                  absl::Time now);
  MergeDatasets MergeDatasetsOf(const IdentityKey& identity) const;
  DatasetInfo CopyForMerge(const MergeRequest& request, const MergeStep& step, absl::Time now);
  PoolUsage UsageOf(const std::string& pool_id) const;
  void Append(LoggedChange::Kind kind, const DatasetInfo& info, PoolNumber pool_number,
              const ChangeOrigin& origin, std::vector<Record> records);

  const Clock& clock_;
  mutable std::mutex mutex_;
  Datasets datasets_;
  std::map<IdentityKey, IdentityCounts> identities_;
  std::map<std::string, std::int64_t> sessions_;      // by pool
  std::map<std::string, absl::Time> modified_times_;  // of pools, when any dataset last changed
  std::vector<LoggedChange> log_;
};

}  // namespace tidemark::dataset
