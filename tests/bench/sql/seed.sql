-- 20,000 datasets of 20 records of about 100 bytes, for pgbench: identity `bench:<n>`, owner n.
INSERT INTO dataset.identity (owner, pool_id, identity_id, live_datasets, dataset_names)
SELECT n, 'pgbench', 'bench:' || n, 1, 1 FROM generate_series(1, 20000) AS n;
INSERT INTO dataset.dataset (owner, dataset_id, pool_id, identity_id, name, sync_count, live,
                             created_time, modified_time, modified_by, live_records, keys, bytes)
SELECT n, -n, 'pgbench', 'bench:' || n, 'bench', 1, true, now(), now(), 'bench', 20, 20, 2100
  FROM generate_series(1, 20000) AS n;
INSERT INTO dataset.record (owner, dataset_id, key, value, sync_count, modified_time,
                            device_modified_time, modified_by)
SELECT n, -n, 'key-' || k, convert_to(repeat('v', 100), 'UTF8'), 1, now(), now(), 'bench'
  FROM generate_series(1, 20000) AS n, generate_series(0, 19) AS k;
