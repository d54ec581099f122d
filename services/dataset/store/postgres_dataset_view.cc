#include "services/dataset/store/postgres_dataset_view.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/status_macros.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {

// The row without a key is the dataset: its life and bytes, and the applied request that has this
// one's id, if it was applied less than an hour ago. There is no row if the name was never used.
// Records follow in order of key, unless there are too many bytes.
constexpr pg::Query kViewDataset{"dataset_view", R"sql(
WITH d AS MATERIALIZED (
  SELECT d.owner, d.dataset_id, d.live, CASE WHEN d.live THEN d.generation ELSE 0 END AS generation,
         CASE WHEN d.live THEN d.bytes ELSE 0 END
           + CASE WHEN d.live AND d.keys > d.live_records
                  THEN (SELECT coalesce(sum(octet_length(r.key)), 0)
                          FROM dataset.record AS r
                         WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id
                           AND r.value IS NULL)
                  ELSE 0 END AS bytes,
         CASE WHEN greatest(date_trunc('milliseconds', clock_timestamp()), d.modified_time)
                   - d.applied_time[array_position(d.applied_request, $5)] <= interval '1 hour'
              THEN array_position(d.applied_request, $5) END AS repeat,
         d.applied_count, d.applied_time, d.applied_content
    FROM dataset.dataset AS d
   WHERE d.owner = $1 AND d.pool_id = $2 AND d.identity_id = $3 AND d.name = $4
)
SELECT d.generation, d.bytes::bigint, d.applied_count[d.repeat], d.applied_time[d.repeat],
       d.applied_content[d.repeat] = $6, d.bytes <= $7,
       NULL, NULL, NULL, NULL, NULL, NULL
  FROM d
UNION ALL
(SELECT NULL, NULL, NULL, NULL, NULL, NULL,
        r.key, r.value, r.sync_count, r.modified_time, r.device_modified_time, r.modified_by
   FROM d
   JOIN dataset.record AS r ON r.owner = d.owner AND r.dataset_id = d.dataset_id
  WHERE d.live AND d.bytes <= $7
  ORDER BY r.key)
)sql"};

pg::Params ViewParams(const ViewQuery& query) {
  const IdentityKey& identity = query.dataset.identity;
  return pg::Params(identity.owner, identity.pool_id, identity.identity_id, query.dataset.name,
                    RequestUuid(query.request), ToUuid(query.request.content), query.max_bytes);
}

absl::StatusOr<DatasetView> ParseView(const pg::Result& result) {
  constexpr int kRecord = 6;
  DatasetView view;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(const auto key, row.Get<std::optional<std::string_view>>(kRecord));
    if (key) {
      TM_ASSIGN_OR_RETURN(Record record, ParseRecord(row, kRecord));
      view.records.push_back(std::move(record));
      continue;
    }
    TM_ASSIGN_OR_RETURN(view.generation, row.Get<Generation>(0));
    TM_ASSIGN_OR_RETURN(view.bytes, row.Get<std::int64_t>(1));
    TM_ASSIGN_OR_RETURN(const auto count, row.Get<std::optional<SyncCount>>(2));
    if (count) {
      TM_ASSIGN_OR_RETURN(const absl::Time time, row.Get<absl::Time>(3));
      TM_ASSIGN_OR_RETURN(const bool same, row.Get<bool>(4));
      view.repeat = same ? UpdateOutcome(AppliedOf(*count, time, /*replayed=*/true))
                         : UpdateOutcome(RequestIdReused{});
    }
    TM_ASSIGN_OR_RETURN(view.complete, row.Get<bool>(5));
  }
  // The union keeps the order of its parts in practice; nothing promises it.
  if (!std::ranges::is_sorted(view.records, {}, &Record::key)) {
    std::ranges::sort(view.records, {}, &Record::key);
  }
  return view;
}

}  // namespace tidemark::dataset
