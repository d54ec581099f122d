-- The statement of services/dataset/store/postgres_record_page.cc for a whole list.
\set n random(1, 20000)
WITH d AS MATERIALIZED (
  SELECT * FROM dataset.dataset
   WHERE owner = :n::bigint AND pool_id = 'pgbench' AND identity_id = 'bench:' || :n::bigint
     AND name = 'bench'
)
SELECT d.sync_count, d.generation, d.live, d.created_time, d.modified_time, d.modified_by,
       d.live_records, d.bytes, d.deleted_at_count,
       ARRAY(SELECT m.name
               FROM dataset.dataset AS m
              WHERE m.owner = :n::bigint AND m.pool_id = 'pgbench'
                AND m.identity_id = 'bench:' || :n::bigint
                AND m.name > 'bench' || '.' AND m.name < 'bench' || '/'
                AND m.merged_into = 'bench' AND m.live
              ORDER BY m.name),
       NULL, NULL, NULL, NULL, NULL, NULL
  FROM (SELECT) AS always
  LEFT JOIN d ON true
UNION ALL
(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        r.key, r.value, r.sync_count, r.modified_time, r.device_modified_time, r.modified_by
   FROM d
   JOIN dataset.record AS r ON r.owner = d.owner AND r.dataset_id = d.dataset_id
  WHERE d.live AND d.sync_count > 0 AND r.sync_count > 0
    AND r.sync_count <= 9223372036854775807 AND r.key > ''
  ORDER BY r.key
  LIMIT (SELECT CASE WHEN d.bytes + 320 * d.keys + 1024 * (d.keys - d.live_records) <= 4194304
                     THEN 65537 ELSE 0 END
           FROM d));
