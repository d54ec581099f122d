#include "services/dataset/store/postgres_record_page.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {

// The row without a key is the dataset, in nulls if the name was never used, and what is merged
// into that name. Records follow in order of key, one more than asked for if there are more.
// Nothing is read of a dataset that did not change since.
//
// Merged copies are named `<dataset>.<identity id>`: in bytes, they lie between `<dataset>.` and
// `<dataset>/`.
//
// ParseRecordPage cuts at max_bytes. Only a dataset that could hold more than that is measured
// here first, so that what is sent stays near it: dataset.bytes leaves out tombstones, whose keys
// have up to 1024 bytes, and each record adds kRecordOverhead, 64, and a writer of up to 256.
constexpr pg::Query kListRecords{"dataset_list_records", R"sql(
WITH d AS MATERIALIZED (
  SELECT * FROM dataset.dataset
   WHERE owner = $1 AND pool_id = $2 AND identity_id = $3 AND name = $4
)
SELECT d.sync_count, d.generation, d.live, d.created_time, d.modified_time, d.modified_by,
       d.live_records, d.bytes, d.deleted_at_count,
       ARRAY(SELECT m.name
               FROM dataset.dataset AS m
              WHERE m.owner = $1 AND m.pool_id = $2 AND m.identity_id = $3
                AND m.name > $4 || '.' AND m.name < $4 || '/'
                AND m.merged_into = $4 AND m.live
              ORDER BY m.name),
       NULL, NULL, NULL, NULL, NULL, NULL
  FROM (SELECT) AS always
  LEFT JOIN d ON true
UNION ALL
(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        r.key, r.value, r.sync_count, r.modified_time, r.device_modified_time, r.modified_by
   FROM d
   JOIN dataset.record AS r ON r.owner = d.owner AND r.dataset_id = d.dataset_id
  WHERE d.live AND d.sync_count > $5 AND ($6::bigint IS NULL OR d.generation = $6)
    AND r.sync_count > $5 AND r.sync_count <= $7 AND r.key > $8
  ORDER BY r.key
  LIMIT (SELECT CASE WHEN d.bytes + 320 * d.keys + 1024 * (d.keys - d.live_records) <= $10
                     THEN $9::bigint + 1
                     ELSE (SELECT count(*) + 1
                             FROM (SELECT sum(m.bytes) OVER (ORDER BY r.key) - m.bytes AS before
                                     FROM dataset.record AS r
                                    CROSS JOIN LATERAL
                                      (SELECT octet_length(r.key) + octet_length(r.modified_by) + 64
                                              + coalesce(octet_length(r.value), 0) AS bytes) AS m
                                    WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id
                                      AND r.sync_count > $5 AND r.sync_count <= $7 AND r.key > $8
                                    ORDER BY r.key
                                    LIMIT $9::bigint + 1) AS r
                            WHERE r.before <= $10) END
           FROM d))
)sql"};

pg::Params RecordPageParams(const RecordQuery& query) {
  const IdentityKey& identity = query.dataset.identity;
  const std::optional<Generation> generation =
      query.after ? std::optional(query.after->generation) : std::nullopt;
  const SyncCount pinned =
      query.after ? query.after->pinned : SyncCount(std::numeric_limits<std::int64_t>::max());
  return pg::Params(identity.owner, identity.pool_id, identity.identity_id, query.dataset.name,
                    query.since, generation, pinned, query.after ? query.after->key : "",
                    query.max_records, query.max_bytes);
}

absl::StatusOr<RecordPage> ParseRecordPage(const RecordQuery& query, const pg::Result& result) {
  constexpr int kMergedNames = 9;
  constexpr int kRecord = 10;
  RecordPage page;
  std::int64_t bytes = 0;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(const auto key, row.Get<std::optional<std::string_view>>(kRecord));
    if (!key) {
      TM_ASSIGN_OR_RETURN(const auto count, row.Get<std::optional<SyncCount>>(0));
      if (count) {
        TM_ASSIGN_OR_RETURN(page.dataset, ParseDatasetInfo(row, 0, query.dataset));
      }
      TM_ASSIGN_OR_RETURN(page.merged_dataset_names,
                          row.Get<std::vector<std::string>>(kMergedNames));
      continue;
    }
    TM_ASSIGN_OR_RETURN(Record record, ParseRecord(row, kRecord));
    const std::int64_t size = BytesInPage(record);
    page.more = !page.records.empty() &&
                (page.records.size() == static_cast<std::size_t>(query.max_records) ||
                 bytes + size > query.max_bytes);
    if (page.more) break;
    bytes += size;
    page.records.push_back(std::move(record));
  }
  return page;
}

}  // namespace tidemark::dataset
