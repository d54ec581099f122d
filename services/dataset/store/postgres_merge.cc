#include "services/dataset/store/postgres_merge.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/pg/transaction.h"
#include "services/dataset/domain/identity_merge.h"
#include "services/dataset/store/change_body.h"
#include "services/dataset/store/postgres_changes.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {
namespace {

constexpr pg::Query kReadDatasets{
    "dataset_merge_read",
    "SELECT sync_count, generation, live, created_time, modified_time, modified_by, live_records,"
    " bytes, deleted_at_count, name, dataset_id, coalesce(merged_into, '')"
    " FROM dataset.dataset WHERE owner = $1 AND pool_id = $2 AND identity_id = $3"};
constexpr pg::Query kReadCounts{"dataset_merge_counts",
                                "SELECT live_datasets, dataset_names FROM dataset.identity"
                                " WHERE owner = $1 AND pool_id = $2 AND identity_id = $3"};
constexpr pg::Query kReadRecords{
    "dataset_merge_records",
    "SELECT key, value, sync_count, modified_time, device_modified_time, modified_by"
    " FROM dataset.record WHERE owner = $1 AND dataset_id = $2 ORDER BY key"};

// A tombstone under the name is revived with the surrogate id that it has: no records are left
// under it.
constexpr pg::Query kWriteCopy{"dataset_merge_write", R"sql(
INSERT INTO dataset.dataset AS d (owner, pool_id, identity_id, name, generation, sync_count, live,
                                  created_time, modified_time, modified_by, live_records, keys,
                                  bytes, merged_into)
VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (owner, pool_id, identity_id, name) DO UPDATE
   SET generation = excluded.generation, sync_count = excluded.sync_count, live = true,
       created_time = excluded.created_time, modified_time = excluded.modified_time,
       modified_by = excluded.modified_by, live_records = excluded.live_records,
       keys = excluded.keys, bytes = excluded.bytes, merged_into = excluded.merged_into
RETURNING d.dataset_id
)sql"};
constexpr pg::Query kCopyRecords{
    "dataset_merge_copy_records",
    "INSERT INTO dataset.record (owner, dataset_id, key, value, sync_count, modified_time,"
    "                            device_modified_time, modified_by)"
    " SELECT $1, $2, key, value, sync_count, modified_time, device_modified_time, modified_by"
    " FROM dataset.record WHERE owner = $3 AND dataset_id = $4"};
constexpr pg::Query kLogCopy{
    "dataset_merge_log",
    "INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,"
    "                                generation, kind, commit_time, traceparent, body)"
    " VALUES ($1 & 255, $2, $1, $3, $4, $5, 3, $6, $7, $8)"};
constexpr pg::Query kCountCopy{"dataset_merge_count",
                               "WITH counted AS ("
                               "  UPDATE dataset.identity SET live_datasets = live_datasets + 1,"
                               "         dataset_names = dataset_names + $4"
                               "   WHERE owner = $1 AND pool_id = $2 AND identity_id = $3)"
                               " SELECT dataset.add_usage($2, $5, $6)::text"};

// A dataset as it is stored; its records are not read yet.
struct Held {
  std::int64_t dataset_id = 0;
  DatasetState state;
};
using HeldDatasets = std::map<std::string, Held>;  // by name

pg::Params KeyParams(const IdentityKey& identity) {
  return pg::Params(identity.owner, identity.pool_id, identity.identity_id);
}

absl::StatusOr<HeldDatasets> ReadDatasets(pg::Transaction& transaction,
                                          const IdentityKey& identity) {
  constexpr int kName = 9;
  TM_ASSIGN_OR_RETURN(const pg::Result result, transaction.Run(kReadDatasets, KeyParams(identity)));
  HeldDatasets datasets;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(const std::string name, row.Get<std::string>(kName));
    Held& held = datasets[name];
    TM_ASSIGN_OR_RETURN(held.state.info, ParseDatasetInfo(row, 0, {identity, name}));
    TM_ASSIGN_OR_RETURN(held.dataset_id, row.Get<std::int64_t>(kName + 1));
    TM_ASSIGN_OR_RETURN(held.state.merged_into, row.Get<std::string>(kName + 2));
  }
  return datasets;
}

absl::StatusOr<IdentityCounts> ReadCounts(pg::Transaction& transaction,
                                          const IdentityKey& identity) {
  TM_ASSIGN_OR_RETURN(const pg::Result result, transaction.Run(kReadCounts, KeyParams(identity)));
  TM_ASSIGN_OR_RETURN(const auto row, (result.ParseOnly<std::int32_t, std::int32_t>()));
  return IdentityCounts{std::get<0>(row), std::get<1>(row)};
}

MergeDatasets ForPlan(const HeldDatasets& held) {
  MergeDatasets datasets;
  for (const auto& [name, dataset] : held) {
    datasets[name] = {dataset.state.info.live, dataset.state.merged_into};
  }
  return datasets;
}

// The merge of one identity into another, under the locks of both.
class Merger {
 public:
  Merger(pg::Transaction& transaction, const MergeRequest& request, absl::Time now)
      : transaction_(transaction), request_(request), now_(now) {}

  absl::StatusOr<std::vector<DatasetInfo>> Run() {
    TM_ASSIGN_OR_RETURN(HeldDatasets given, ReadDatasets(transaction_, request_.loser));
    TM_ASSIGN_OR_RETURN(held_, ReadDatasets(transaction_, request_.winner));
    TM_ASSIGN_OR_RETURN(const IdentityCounts counts, ReadCounts(transaction_, request_.winner));
    TM_ASSIGN_OR_RETURN(const std::vector<MergeStep> steps,
                        PlanMerge(request_, ForPlan(given), ForPlan(held_), counts));
    std::vector<DatasetInfo> copies;
    for (const MergeStep& step : steps) {
      TM_ASSIGN_OR_RETURN(DatasetInfo copy, Copy(given.at(step.from), step));
      copies.push_back(std::move(copy));
      TM_RETURN_IF_ERROR(DeleteDataset(transaction_, {request_.loser, step.from},
                                       request_.pool_number, request_.origin)
                             .status());
    }
    std::ranges::sort(copies, {}, [](const DatasetInfo& info) { return info.key.name; });
    return copies;
  }

 private:
  absl::StatusOr<std::vector<Record>> ReadRecords(const Held& source) {
    TM_ASSIGN_OR_RETURN(
        const pg::Result result,
        transaction_.Run(kReadRecords, pg::Params(request_.loser.owner, source.dataset_id)));
    std::vector<Record> records;
    for (const pg::Row row : result) {
      TM_ASSIGN_OR_RETURN(Record record, ParseRecord(row, 0));
      records.push_back(std::move(record));
    }
    return records;
  }

  // `source` is a copy of its own: its records are let go of with it.
  absl::StatusOr<DatasetInfo> Copy(Held source, const MergeStep& step) {
    const DatasetKey to{request_.winner, step.to};
    const auto held = held_.find(step.to);
    const DatasetInfo* const before = held == held_.end() ? nullptr : &held->second.state.info;
    TM_ASSIGN_OR_RETURN(const std::vector<Record> records, ReadRecords(source));
    for (const Record& record : records) source.state.records.emplace(record.key, record);
    const DatasetInfo copy = MergedInfo(source.state, before, to, now_);
    const IdentityKey& winner = request_.winner;
    TM_ASSIGN_OR_RETURN(
        const pg::Result written,
        transaction_.Run(
            kWriteCopy,
            pg::Params(winner.owner, winner.pool_id, winner.identity_id, to.name, copy.generation,
                       copy.sync_count, copy.created_time, copy.modified_time, copy.modified_by,
                       copy.live_records, static_cast<std::int64_t>(records.size()), copy.bytes,
                       step.merged_into)));
    TM_ASSIGN_OR_RETURN(const auto row, written.ParseOnly<std::int64_t>());
    const std::int64_t dataset_id = std::get<0>(row);
    TM_RETURN_IF_ERROR(transaction_
                           .Run(kCopyRecords, pg::Params(winner.owner, dataset_id,
                                                         request_.loser.owner, source.dataset_id))
                           .status());
    TM_RETURN_IF_ERROR(
        transaction_
            .Run(kCountCopy, pg::Params(winner.owner, winner.pool_id, winner.identity_id,
                                        before == nullptr ? 1 : 0, copy.bytes, copy.modified_time))
            .status());
    TM_RETURN_IF_ERROR(Log(copy, dataset_id, records));
    return copy;
  }

  absl::Status Log(const DatasetInfo& copy, std::int64_t dataset_id,
                   const std::vector<Record>& records) {
    const std::string& traceparent = request_.origin.traceparent;
    return transaction_
        .Run(kLogCopy, pg::Params(copy.key.identity.owner, request_.pool_number, dataset_id,
                                  copy.sync_count, copy.generation, copy.modified_time,
                                  traceparent.empty() ? std::nullopt : std::optional(traceparent),
                                  pg::Bytes{SnapshotBody(copy.key, request_.origin, records)}))
        .status();
  }

  pg::Transaction& transaction_;
  const MergeRequest& request_;
  const absl::Time now_;
  HeldDatasets held_;  // by the winner, as it was
};

}  // namespace

absl::StatusOr<std::vector<DatasetInfo>> MergeOnce(pg::Connection& connection,
                                                   const MergeRequest& request,
                                                   absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction, pg::Transaction::Begin(connection, deadline));
  TM_RETURN_IF_ERROR(LockIdentities(transaction, {request.winner, request.loser}));
  TM_ASSIGN_OR_RETURN(const absl::Time now, Now(transaction));
  TM_ASSIGN_OR_RETURN(std::vector<DatasetInfo> copies, Merger(transaction, request, now).Run());
  if (copies.empty()) return copies;  // and no trace of having looked
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return copies;
}

}  // namespace tidemark::dataset
