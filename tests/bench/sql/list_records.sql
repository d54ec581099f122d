\set n random(1, 20000)
SELECT r.key, r.value, r.sync_count, r.modified_time, r.device_modified_time, r.modified_by
  FROM dataset.dataset AS d
  JOIN dataset.record AS r ON r.owner = d.owner AND r.dataset_id = d.dataset_id
 WHERE d.owner = :n::bigint AND d.pool_id = 'pgbench' AND d.identity_id = 'bench:' || :n::bigint
   AND d.name = 'bench' AND d.live
 ORDER BY r.key LIMIT 1025;
