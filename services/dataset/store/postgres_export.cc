#include "services/dataset/store/postgres_export.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/pg/transaction.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {
namespace {

// The planner takes a page for a single row, and would rather read both tables whole than go by the
// index from identity to identity.
constexpr std::string_view kByKeys =
    "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;"
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

// Identities in order of owner, then their datasets: what the index on identities gives without
// looking at other pools.
constexpr pg::Query kExportDatasets{
    "dataset_export_datasets",
    "SELECT d.sync_count, d.generation, d.live, d.created_time, d.modified_time, d.modified_by,"
    "       d.live_records, d.bytes, d.deleted_at_count, d.owner, d.identity_id, d.name,"
    "       d.dataset_id"
    "  FROM dataset.identity AS i"
    "  JOIN dataset.dataset AS d"
    "    ON d.owner = i.owner AND d.pool_id = i.pool_id AND d.identity_id = i.identity_id"
    " WHERE i.pool_id = $1 AND (i.owner, i.identity_id) >= ($2, $3) AND i.live_datasets > 0"
    "   AND (cardinality($4::smallint[]) = 0 OR (i.owner & 255)::smallint = ANY ($4))"
    "   AND (i.owner, i.identity_id, d.name) > ($2, $3, $5) AND d.live"
    " ORDER BY i.owner, i.identity_id, d.name"
    " LIMIT $6"};
constexpr pg::Query kExportRecords{
    "dataset_export_records",
    "SELECT r.key, r.value, r.sync_count, r.modified_time, r.device_modified_time, r.modified_by,"
    "       r.owner, r.dataset_id"
    "  FROM unnest($1::bigint[], $2::bigint[]) AS d (owner, dataset_id)"
    "  JOIN dataset.record AS r ON r.owner = d.owner AND r.dataset_id = d.dataset_id"
    " WHERE r.value IS NOT NULL"
    " ORDER BY r.owner, r.dataset_id, r.key"};

using Surrogate = std::pair<Owner, std::int64_t>;  // owner and dataset id

// Fills the page with datasets as far as they fit, and tells under what their records are.
absl::Status FillDatasets(const pg::Result& result, const std::string& pool_id,
                          std::int32_t max_datasets, std::int64_t max_bytes, ExportPage& page,
                          std::map<Surrogate, ExportedDataset*>& places) {
  constexpr int kKey = 9;
  std::int64_t bytes = 0;
  page.datasets.reserve(static_cast<std::size_t>(result.size()));  // its elements stay in place
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(const Owner owner, row.Get<Owner>(kKey));
    TM_ASSIGN_OR_RETURN(std::string identity_id, row.Get<std::string>(kKey + 1));
    TM_ASSIGN_OR_RETURN(std::string name, row.Get<std::string>(kKey + 2));
    TM_ASSIGN_OR_RETURN(const std::int64_t dataset_id, row.Get<std::int64_t>(kKey + 3));
    TM_ASSIGN_OR_RETURN(
        DatasetInfo info,
        ParseDatasetInfo(row, 0, {{pool_id, std::move(identity_id), owner}, std::move(name)}));
    const std::int64_t size = info.bytes + info.live_records * kRecordOverhead;
    page.more =
        !page.datasets.empty() && (page.datasets.size() == static_cast<std::size_t>(max_datasets) ||
                                   bytes + size > max_bytes);
    if (page.more) break;
    bytes += size;
    page.datasets.push_back({std::move(info), {}});
    places[{owner, dataset_id}] = &page.datasets.back();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExportPage> ExportOnce(pg::Connection& connection, const std::string& pool_id,
                                      std::span<const LogShard> log_shards,
                                      const ExportCursor& after, std::int32_t max_datasets,
                                      std::int64_t max_bytes, absl::Time deadline) {
  constexpr int kSurrogate = 6;
  std::vector<std::int16_t> shards;
  for (const LogShard shard : log_shards) shards.push_back(shard.value());
  // One snapshot: the records are those of the count.
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction,
                      pg::Transaction::Begin(connection, deadline, pg::Isolation::kRepeatableRead));
  TM_RETURN_IF_ERROR(transaction.RunScript(kByKeys));
  TM_ASSIGN_OR_RETURN(
      const pg::Result datasets,
      transaction.Run(kExportDatasets, pg::Params(pool_id, after.owner, after.identity_id, shards,
                                                  after.name, std::int64_t{max_datasets} + 1)));
  ExportPage page;
  std::map<Surrogate, ExportedDataset*> places;
  TM_RETURN_IF_ERROR(FillDatasets(datasets, pool_id, max_datasets, max_bytes, page, places));
  std::vector<Owner> owners;
  std::vector<std::int64_t> dataset_ids;
  for (const auto& [surrogate, dataset] : places) {
    owners.push_back(surrogate.first);
    dataset_ids.push_back(surrogate.second);
  }
  TM_ASSIGN_OR_RETURN(const pg::Result records,
                      transaction.Run(kExportRecords, pg::Params(owners, dataset_ids)));
  for (const pg::Row row : records) {
    TM_ASSIGN_OR_RETURN(const Owner owner, row.Get<Owner>(kSurrogate));
    TM_ASSIGN_OR_RETURN(const std::int64_t dataset_id, row.Get<std::int64_t>(kSurrogate + 1));
    TM_ASSIGN_OR_RETURN(Record record, ParseRecord(row, 0));
    places.at({owner, dataset_id})->records.push_back(std::move(record));
  }
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return page;
}

}  // namespace tidemark::dataset
