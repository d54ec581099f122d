#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/units.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/trigger.h"
#include "services/dataset/domain/types.h"

// Where datasets are kept. Two implementations, PostgreSQL and memory, pass one contract suite.
// Every method is one use case and leaves nothing half done. Failures: UNAVAILABLE
// DATABASE_UNAVAILABLE, ABORTED CONCURRENT_CHANGE, DEADLINE_EXCEEDED, INTERNAL.
namespace tidemark::dataset {

// Applies updates. One thread at a time: each write lane has its own.
class UpdateStore {
 public:
  virtual ~UpdateStore() = default;

  // Applies all requests in one transaction, each dataset at most once, and returns an outcome for
  // each, in their order. Blocks no longer than until `deadline`, the latest of theirs. A failure
  // of the whole batch is a Status in every place: nothing was applied, or (UNAVAILABLE,
  // DEADLINE_EXCEEDED) it is unknown; applying the same requests again settles it, because repeats
  // are recognised.
  virtual std::vector<UpdateOutcome> Update(std::span<const UpdateRequest* const> requests,
                                            absl::Time deadline) = 0;
};

// A page of an identity's live datasets, in order of name.
struct DatasetPage {
  std::vector<DatasetInfo> datasets;
  bool more = false;
};

// What a record's numbers and times take in a message, at most; keys of a page are often short.
inline constexpr std::int64_t kRecordOverhead = 64;

// What a record takes in a page.
inline std::int64_t BytesInPage(const Record& record) {
  const std::size_t value = record.value ? record.value->size() : 0;
  return static_cast<std::int64_t>(record.key.size() + value + record.modified_by.size()) +
         kRecordOverhead;
}

// What to list of a dataset's records.
struct RecordQuery {
  // Where the page before ended.
  struct After {
    Generation generation;
    SyncCount pinned;  // the count of the first page: what changed later is left out
    std::string key;
  };

  DatasetKey dataset;
  SyncCount since;                    // only records with a higher count
  std::int32_t max_records = 1024;    // at least 1
  std::int64_t max_bytes = 4 * kMiB;  // by BytesInPage; at least one record is returned
  std::optional<After> after;
};

// A page of records in key order, and the dataset as of the same moment.
struct RecordPage {
  std::vector<Record> records;
  bool more = false;
  std::optional<DatasetInfo> dataset;             // nullopt: the name was never used
  std::vector<std::string> merged_dataset_names;  // live copies merged into this one, by name
};

// What to view of a dataset, for an update that goes through a sync trigger.
struct ViewQuery {
  DatasetKey dataset;
  RequestIdentity request;
  std::int64_t max_bytes = 0;  // by DatasetView::bytes; above it no records are returned
};

struct IdentityPage {
  std::vector<IdentityUsage> identities;
  bool more = false;
};

// Reads. Safe for concurrent use; a callback runs once, on any thread, and must not block.
class ReadStore {
 public:
  template <typename T>
  using Callback = std::function<void(absl::StatusOr<T>)>;

  virtual ~ReadStore() = default;

  // Live datasets with names above `after_name`, at most `limit`.
  virtual void ListDatasets(const IdentityKey& identity, const std::string& after_name,
                            std::int32_t limit, absl::Time deadline,
                            Callback<DatasetPage> done) = 0;

  // The dataset, live or a tombstone; nullopt if the name was never used.
  virtual void DescribeDataset(const DatasetKey& dataset, absl::Time deadline,
                               Callback<std::optional<DatasetInfo>> done) = 0;

  // One page. If `query.after` names another generation than the dataset's, the page is empty and
  // `dataset` says the generation: the caller sees that what it pinned is gone.
  virtual void ListRecords(const RecordQuery& query, absl::Time deadline,
                           Callback<RecordPage> done) = 0;

  // The whole dataset as of one moment, and how the request ended if it was applied before.
  virtual void View(const ViewQuery& query, absl::Time deadline, Callback<DatasetView> done) = 0;

  // Zeros for an identity without data.
  virtual void DescribeIdentity(const IdentityKey& identity, absl::Time deadline,
                                Callback<IdentityUsage> done) = 0;

  // Zeros for a pool without data.
  virtual void DescribePool(const std::string& pool_id, absl::Time deadline,
                            Callback<PoolUsage> done) = 0;

  // Identities of the pool that have or had datasets, with ids above `after_id` that begin with
  // `prefix`, at most `limit`.
  virtual void ListIdentities(const std::string& pool_id, const std::string& prefix,
                              const std::string& after_id, std::int32_t limit, absl::Time deadline,
                              Callback<IdentityPage> done) = 0;

  // A position that every change committed after this call lies above.
  virtual void LogEndPosition(absl::Time deadline, Callback<std::int64_t> done) = 0;
};

// Rarer work, each call one transaction. Blocks; one thread at a time.
class AdminStore {
 public:
  virtual ~AdminStore() = default;

  // Deletes a live dataset. That there is none, and that the request id was used for another
  // request, are outcomes, not errors.
  virtual absl::StatusOr<DeleteOutcome> Delete(const DeleteRequest& request,
                                               absl::Time deadline) = 0;

  // Moves the loser's live datasets to the winner under the names that PlanMerge gives them
  // (contract 4.6), logs the copies and the deletions. Returns the copies by name.
  // FAILED_PRECONDITION LIMIT_EXCEEDED.
  virtual absl::StatusOr<std::vector<DatasetInfo>> Merge(const MergeRequest& request,
                                                         absl::Time deadline) = 0;

  // Logs the deletion of every live dataset, then erases every row of the identity. If it fails
  // half-way (DEADLINE_EXCEEDED), the identity is gone or it is not, and a repeat, or upkeep,
  // deletes what is left of its records.
  virtual absl::StatusOr<Erased> Erase(const EraseRequest& request, absl::Time deadline) = 0;

  // Marks the pool for erasure by upkeep, if `force`, and returns how many identities it has.
  // Without `force`: POOL_NOT_EMPTY if it has any.
  virtual absl::StatusOr<std::int64_t> PurgePool(const std::string& pool_id, bool force,
                                                 absl::Time deadline) = 0;

  // Adds sync sessions to pools' usage: pairs of pool id and how many.
  virtual absl::Status AddSessions(std::span<const std::pair<std::string, std::int64_t>> sessions,
                                   absl::Time deadline) = 0;

  // Usage of the given pools (all that exist), zeros for those without data, in their order.
  virtual absl::StatusOr<std::vector<PoolUsage>> DescribePools(
      std::span<const std::string> pool_ids, absl::Time deadline) = 0;
};

}  // namespace tidemark::dataset
