\set n :client_id + 1 + :clients * random(0, 20000 / :clients - 2)
\set a random(1, 1000000000)
SELECT dataset.update_one(
  :n::bigint, 'pgbench', 'bench:' || :n::bigint, 'bench', 1,
  md5((:a::bigint)::text)::uuid, md5((:a::bigint)::text)::uuid, 'bench', NULL, '\x00'::bytea,
  20, 1000, 1024, 16384, 1048576,
  ARRAY['key-0'], ARRAY[convert_to(repeat('w', 100), 'UTF8')],
  ARRAY[(SELECT sync_count FROM dataset.record
          WHERE owner = :n::bigint AND dataset_id = - :n::bigint AND key = 'key-0')],
  ARRAY[NULL::timestamptz], NULL);
