-- UpdateRecords in one call and one commit. What these functions decide is what ApplyUpdate decides
-- (services/dataset/domain/merge.h); store/differential_pgtest.cc holds the two together.
--
-- Outcomes of a request:
--   0  applied, under a new count
--   1  a repeat of an applied request: its count and time again
--   2  the request's id was used for other content
--   3  conflict
--   10 + n  limit n (LimitBreach::Limit) would be passed
--
-- Where a sync trigger made the patches, `seen_generations` says which life of the dataset it saw, 0 if
-- the dataset was not live: in any other life all patches conflict. Null for all other requests. The
-- counts that such requests take are remembered as negative, and so they are repeated (outcome 1):
-- what was applied is not what the request says.

-- What update_batch does before it creates or revives datasets: locks their identities, in order, so
-- that the limits hold and nobody creates the same datasets, and makes the missing ones as
-- tombstones without a past. `locked` of the datasets existed when their rows were locked.
CREATE FUNCTION dataset.prepare_creation(
  owners bigint[], pool_ids text[], identity_ids text[], names text[], locked integer)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  created integer;
BEGIN
  INSERT INTO dataset.identity AS i (owner, pool_id, identity_id)
  SELECT DISTINCT r.owner, r.pool_id, r.identity_id
    FROM unnest(owners, pool_ids, identity_ids, names) AS r (owner, pool_id, identity_id, name)
    LEFT JOIN dataset.dataset AS d
      ON (d.owner, d.pool_id, d.identity_id, d.name)
         = (r.owner, r.pool_id, r.identity_id, r.name)
   WHERE d.live IS NOT TRUE
   ORDER BY r.owner, r.pool_id, r.identity_id
  -- Locks the rows that exist, and writes none of them.
  ON CONFLICT (owner, pool_id, identity_id)
  DO UPDATE SET live_datasets = i.live_datasets WHERE false;

  INSERT INTO dataset.dataset (owner, pool_id, identity_id, name, sync_count, live, created_time,
                               modified_time, modified_by)
  SELECT r.owner, r.pool_id, r.identity_id, r.name, 0, false, '-infinity', '-infinity', ''
    FROM unnest(owners, pool_ids, identity_ids, names) AS r (owner, pool_id, identity_id, name)
    LEFT JOIN dataset.dataset AS d
      ON (d.owner, d.pool_id, d.identity_id, d.name)
         = (r.owner, r.pool_id, r.identity_id, r.name)
   WHERE d.owner IS NULL
   ORDER BY r.owner, r.pool_id, r.identity_id, r.name
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS created = ROW_COUNT;
  IF locked + created <> cardinality(owners) THEN
    -- Locking the others' now would be out of order.
    RAISE serialization_failure USING MESSAGE = 'a dataset was created by another session';
  END IF;
END $$;

-- What update_batch does once it knows how its requests end: counts the datasets it creates or
-- revives, refuses those beyond the limits of their identity, and removes what prepare_creation
-- made for requests that fail.
CREATE FUNCTION dataset.admit_creation(
  owners bigint[], pool_ids text[], identity_ids text[], names text[],
  max_datasets integer[], max_names integer[],
  INOUT outcomes smallint[], INOUT limit_values bigint[])
LANGUAGE plpgsql
AS $$
DECLARE
  request record;
  datasets_after integer;
  names_after integer;
BEGIN
  -- Those that succeed, and those over a limit of the dataset's own: the identity's limits (11, 12)
  -- outrank these. A repeat, a reused id and a conflict stay what they are.
  FOR request IN
    SELECT r.n, r.owner, r.pool_id, r.identity_id, (d.sync_count = 0)::integer AS new_names
      FROM unnest(owners, pool_ids, identity_ids, names) WITH ORDINALITY
             AS r (owner, pool_id, identity_id, name, n)
      JOIN dataset.dataset AS d
        ON (d.owner, d.pool_id, d.identity_id, d.name)
           = (r.owner, r.pool_id, r.identity_id, r.name)
     WHERE NOT d.live AND outcomes[r.n] IN (0, 13, 14, 15)
     ORDER BY r.n
  LOOP
    SELECT i.live_datasets + 1, i.dataset_names + request.new_names
      INTO STRICT datasets_after, names_after
      FROM dataset.identity AS i
     WHERE (i.owner, i.pool_id, i.identity_id)
           = (request.owner, request.pool_id, request.identity_id);
    IF datasets_after > max_datasets[request.n] THEN
      outcomes[request.n] := 11;
      limit_values[request.n] := datasets_after;
    ELSIF request.new_names > 0 AND names_after > max_names[request.n] THEN
      outcomes[request.n] := 12;
      limit_values[request.n] := names_after;
    ELSIF outcomes[request.n] = 0 THEN
      UPDATE dataset.identity AS i
         SET live_datasets = datasets_after, dataset_names = names_after
       WHERE (i.owner, i.pool_id, i.identity_id)
             = (request.owner, request.pool_id, request.identity_id);
    END IF;
  END LOOP;

  DELETE FROM dataset.dataset AS d
   USING unnest(owners, pool_ids, identity_ids, names) WITH ORDINALITY
           AS r (owner, pool_id, identity_id, name, n)
   WHERE (d.owner, d.pool_id, d.identity_id, d.name)
         = (r.owner, r.pool_id, r.identity_id, r.name)
     AND d.sync_count = 0 AND outcomes[r.n] <> 0;
  DELETE FROM dataset.identity AS i
   USING unnest(owners, pool_ids, identity_ids) AS r (owner, pool_id, identity_id)
   WHERE (i.owner, i.pool_id, i.identity_id) = (r.owner, r.pool_id, r.identity_id)
     AND i.dataset_names = 0;
END $$;

-- Applies a batch of requests. Requests come in order of (owner, pool_id, identity_id, name), each
-- dataset once; the patches in order of their requests, whose numbers (from 1) are in
-- patch_requests. A request that fails leaves no trace, and its neighbours alone. The arrays of the
-- result are by request, those of conflicts by conflicting patch (numbers from 1).
--
-- 40001: another session created one of the datasets at the same moment; call again.
CREATE FUNCTION dataset.update_batch(
  owners bigint[], pool_ids text[], identity_ids text[], names text[], pool_numbers integer[],
  request_ids uuid[], content_ids uuid[],
  modified_bys text[], traceparents text[], bodies bytea[],
  max_datasets integer[], max_names integer[], max_records integer[], max_keys integer[],
  max_bytes bigint[],
  patch_requests integer[], patch_keys text[], patch_values bytea[], patch_counts bigint[],
  patch_times timestamptz[], seen_generations bigint[],
  OUT outcomes smallint[], OUT counts bigint[], OUT times timestamptz[], OUT limit_values bigint[],
  OUT conflict_patches integer[], OUT conflict_counts bigint[])
LANGUAGE plpgsql
-- As attributes, so that they hold behind a pooler in transaction mode too. Plans do not depend on
-- the parameters, so they are made once; and always by way of the keys, so that one made while the
-- tables were small does no harm when they have grown. Hence too the records in LATERAL ... OFFSET 0:
-- of a table that was not analyzed, the planner would read the whole dataset for each patch.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
-- A batch that meets a locked row is only the first try: its requests follow one by one, each with
-- its second. Until then all of its lane waits.
SET lock_timeout = '200ms'
AS $$
DECLARE
  -- Of each dataset, as it was.
  locked integer;
  ids bigint[];
  lives boolean[];
  old_counts bigint[];
  generations bigint[];
  old_times timestamptz[];
  old_records bigint[];
  old_keys bigint[];
  old_bytes bigint[];
  -- The repeated request, if it is one.
  replay_counts bigint[];
  replay_times timestamptz[];
  replay_same boolean[];
  -- Of each dataset, as it would be.
  new_records bigint[];
  new_keys bigint[];
  new_bytes bigint[];
  creating boolean := false;  -- some dataset begins a life: identities are locked too
  commit_time timestamptz;
BEGIN
  -- Locks the datasets, in order, and reads them as they are under the locks. Where some are missing
  -- or dead it makes them ready and does so once more, then with all of them: twice at most.
  LOOP
    SELECT count(*), array_agg(d.dataset_id), array_agg(d.live), array_agg(d.sync_count),
           array_agg(d.generation), array_agg(d.modified_time),
           array_agg(CASE WHEN d.live THEN d.live_records ELSE 0 END),
           array_agg(CASE WHEN d.live THEN d.keys ELSE 0 END),
           array_agg(CASE WHEN d.live THEN d.bytes ELSE 0 END),
           array_agg(d.applied_count[d.replay]), array_agg(d.applied_time[d.replay]),
           array_agg(d.applied_content[d.replay] = d.content_id)
      INTO locked, ids, lives, old_counts, generations, old_times, old_records, old_keys,
           old_bytes, replay_counts, replay_times, replay_same
      FROM (SELECT d.*, r.content_id, array_position(d.applied_request, r.request_id) AS replay
              FROM unnest(owners, pool_ids, identity_ids, names, request_ids, content_ids)
                     WITH ORDINALITY
                     AS r (owner, pool_id, identity_id, name, request_id, content_id, n)
              JOIN dataset.dataset AS d
                ON (d.owner, d.pool_id, d.identity_id, d.name)
                   = (r.owner, r.pool_id, r.identity_id, r.name)
             ORDER BY r.n
               FOR NO KEY UPDATE OF d) AS d;
    EXIT WHEN creating OR (locked = cardinality(owners) AND true = ALL (lives));
    PERFORM dataset.prepare_creation(owners, pool_ids, identity_ids, names, locked);
    creating := true;
  END LOOP;
  commit_time := date_trunc('milliseconds', clock_timestamp());

  -- In a statement of its own, which sees what was committed before the locks were had: what the
  -- patches meet, and what becomes of each request.
  SELECT array_agg(o.outcome),
         array_agg(CASE o.outcome WHEN 0 THEN old_counts[o.n] + 1
                                  WHEN 1 THEN replay_counts[o.n] END),
         array_agg(CASE o.outcome WHEN 0 THEN greatest(commit_time, old_times[o.n])
                                  WHEN 1 THEN replay_times[o.n] END),
         array_agg(CASE o.outcome WHEN 13 THEN o.records WHEN 14 THEN o.keys
                                  WHEN 15 THEN o.bytes END),
         array_agg(o.records), array_agg(o.keys), array_agg(o.bytes)
    INTO outcomes, counts, times, limit_values, new_records, new_keys, new_bytes
    FROM (SELECT f.n,
                 f.records + old_records[f.n] AS records,
                 f.keys + old_keys[f.n] AS keys,
                 f.bytes + old_bytes[f.n] AS bytes,
                 CASE
                   WHEN greatest(commit_time, old_times[f.n]) - replay_times[f.n]
                        <= interval '1 hour'
                     THEN CASE WHEN replay_same[f.n] THEN 1 ELSE 2 END
                   WHEN f.conflicts > 0 THEN 3
                   WHEN seen_generations[f.n] <> generations[f.n] * lives[f.n]::integer THEN 3
                   WHEN f.records > 0 AND f.records + old_records[f.n] > max_records[f.n] THEN 13
                   WHEN f.keys > 0 AND f.keys + old_keys[f.n] > max_keys[f.n] THEN 14
                   WHEN f.bytes > 0 AND f.bytes + old_bytes[f.n] > max_bytes[f.n] THEN 15
                   ELSE 0
                 END AS outcome
            FROM (SELECT p.n,
                         count(*) FILTER (WHERE p.expected <> coalesce(c.sync_count, 0))
                           AS conflicts,
                         count(p.value) - count(c.value) AS records,
                         count(*) - count(c.key) AS keys,
                         coalesce(sum(octet_length(p.key) + octet_length(p.value)), 0)
                           - coalesce(sum(octet_length(c.key) + octet_length(c.value)), 0)
                           AS bytes
                    FROM unnest(patch_requests, patch_keys, patch_values, patch_counts)
                           AS p (n, key, value, expected)
                    LEFT JOIN LATERAL (SELECT r.* FROM dataset.record AS r
                                        WHERE r.owner = owners[p.n] AND r.dataset_id = ids[p.n]
                                          AND r.key = p.key
                                       OFFSET 0) AS c ON true
                   GROUP BY p.n
                   ORDER BY p.n) AS f
           -- So that each outcome is worked out once, not for each array that it is part of.
           OFFSET 0) AS o;
  IF creating THEN
    SELECT a.outcomes, a.limit_values INTO STRICT outcomes, limit_values
      FROM dataset.admit_creation(owners, pool_ids, identity_ids, names, max_datasets, max_names,
                                  outcomes, limit_values) AS a;
  END IF;
  IF 3 = ANY (outcomes) THEN
    SELECT array_agg(p.number), array_agg(coalesce(c.sync_count, 0))
      INTO conflict_patches, conflict_counts
      FROM unnest(patch_requests, patch_keys, patch_counts) WITH ORDINALITY
             AS p (n, key, expected, number)
      LEFT JOIN LATERAL (SELECT r.* FROM dataset.record AS r
                          WHERE r.owner = owners[p.n] AND r.dataset_id = ids[p.n]
                            AND r.key = p.key
                         OFFSET 0) AS c ON true
     WHERE outcomes[p.n] = 3
       AND (p.expected <> coalesce(c.sync_count, 0)
            OR seen_generations[p.n] <> generations[p.n] * lives[p.n]::integer);
  END IF;

  UPDATE dataset.dataset AS d
     SET sync_count = counts[r.n],
         live = true,
         created_time = CASE WHEN d.live THEN d.created_time ELSE times[r.n] END,
         modified_time = times[r.n],
         modified_by = r.modified_by,
         live_records = new_records[r.n],
         keys = new_keys[r.n],
         bytes = new_bytes[r.n],
         -- Cut, then joined: arrays that an element is put before are taken apart first.
         applied_request = ARRAY[r.request_id] || d.applied_request[:7],
         applied_content = ARRAY[r.content_id] || d.applied_content[:7],
         applied_count = ARRAY[CASE WHEN seen_generations[r.n] IS NULL THEN counts[r.n]
                                    ELSE -counts[r.n] END] || d.applied_count[:7],
         applied_time = ARRAY[times[r.n]] || d.applied_time[:7]
    FROM unnest(owners, pool_ids, identity_ids, names, request_ids, content_ids, modified_bys)
           WITH ORDINALITY
           AS r (owner, pool_id, identity_id, name, request_id, content_id, modified_by, n)
   WHERE (d.owner, d.pool_id, d.identity_id, d.name)
         = (r.owner, r.pool_id, r.identity_id, r.name)
     AND outcomes[r.n] = 0;

  INSERT INTO dataset.record (owner, dataset_id, key, value, sync_count, modified_time,
                              device_modified_time, modified_by)
  SELECT owners[p.n], ids[p.n], p.key, p.value, counts[p.n], times[p.n],
         coalesce(p.device_time, times[p.n]), modified_bys[p.n]
    FROM unnest(patch_requests, patch_keys, patch_values, patch_times)
           AS p (n, key, value, device_time)
   WHERE outcomes[p.n] = 0
  ON CONFLICT (owner, dataset_id, key) DO UPDATE
     SET value = excluded.value, sync_count = excluded.sync_count,
         modified_time = excluded.modified_time,
         device_modified_time = excluded.device_modified_time,
         modified_by = excluded.modified_by;

  INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,
                                  generation, kind, commit_time, traceparent, body)
  SELECT r.owner & 255, r.pool_number, r.owner, ids[r.n], counts[r.n], generations[r.n], 1,
         times[r.n], r.traceparent, r.body
    FROM unnest(owners, pool_numbers, traceparents, bodies) WITH ORDINALITY
           AS r (owner, pool_number, traceparent, body, n)
   WHERE outcomes[r.n] = 0;

  INSERT INTO dataset.usage_delta AS u (pool_id, lane, bytes, modified_time)
  SELECT r.pool_id, dataset.usage_lane(), sum(new_bytes[r.n] - old_bytes[r.n]), max(times[r.n])
    FROM unnest(pool_ids) WITH ORDINALITY AS r (pool_id, n)
   WHERE outcomes[r.n] = 0
   GROUP BY r.pool_id
   ORDER BY r.pool_id
  ON CONFLICT (pool_id, lane) DO UPDATE
     SET bytes = u.bytes + excluded.bytes,
         modified_time = greatest(u.modified_time, excluded.modified_time);
END $$;

-- Applies one request, with the result of update_batch. Cheaper when a single request waits: the
-- way of most updates, which succeed on a live dataset, without sets; all others go to update_batch.
CREATE FUNCTION dataset.update_one(
  owner_ bigint, pool_id_ text, identity_id_ text, name_ text, pool_number integer,
  request_id uuid, content_id uuid,
  modified_by_ text, traceparent text, body bytea,
  max_datasets integer, max_names integer, max_records integer, max_keys integer, max_bytes bigint,
  patch_keys text[], patch_values bytea[], patch_counts bigint[], patch_times timestamptz[],
  seen_generation bigint,
  OUT outcomes smallint[], OUT counts bigint[], OUT times timestamptz[], OUT limit_values bigint[],
  OUT conflict_patches integer[], OUT conflict_counts bigint[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET lock_timeout = '1s'
AS $$
DECLARE
  old record;
  met record;
  plain boolean := false;
  new_count bigint;
  new_time timestamptz;
BEGIN
  SELECT d.dataset_id, d.live, d.sync_count, d.generation, d.modified_time, d.live_records, d.keys,
         d.bytes, request_id = ANY (d.applied_request) AS replay
    INTO old
    FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id, d.name) = (owner_, pool_id_, identity_id_, name_)
     FOR NO KEY UPDATE;
  IF old.live AND NOT old.replay THEN
    SELECT count(*) FILTER (WHERE p.expected <> coalesce(c.sync_count, 0)) AS conflicts,
           count(p.value) - count(c.value) AS records,
           count(*) - count(c.key) AS keys,
           coalesce(sum(octet_length(p.key) + octet_length(p.value)), 0)
             - coalesce(sum(octet_length(c.key) + octet_length(c.value)), 0) AS bytes
      INTO STRICT met
      FROM unnest(patch_keys, patch_values, patch_counts) AS p (key, value, expected)
      LEFT JOIN LATERAL (SELECT r.* FROM dataset.record AS r
                          WHERE r.owner = owner_ AND r.dataset_id = old.dataset_id
                            AND r.key = p.key
                         OFFSET 0) AS c ON true;
    plain := met.conflicts = 0
             AND (seen_generation IS NULL OR seen_generation = old.generation)
             AND (met.records <= 0 OR old.live_records + met.records <= max_records)
             AND (met.keys <= 0 OR old.keys + met.keys <= max_keys)
             AND (met.bytes <= 0 OR old.bytes + met.bytes <= max_bytes);
  END IF;
  IF NOT plain THEN
    SELECT b.* INTO STRICT outcomes, counts, times, limit_values, conflict_patches, conflict_counts
      FROM dataset.update_batch(
             ARRAY[owner_], ARRAY[pool_id_], ARRAY[identity_id_], ARRAY[name_],
             ARRAY[pool_number], ARRAY[request_id], ARRAY[content_id], ARRAY[modified_by_],
             ARRAY[traceparent], ARRAY[body], ARRAY[max_datasets], ARRAY[max_names],
             ARRAY[max_records], ARRAY[max_keys], ARRAY[max_bytes],
             array_fill(1, ARRAY[cardinality(patch_keys)]), patch_keys, patch_values,
             patch_counts, patch_times, ARRAY[seen_generation]) AS b;
    RETURN;
  END IF;

  new_count := old.sync_count + 1;
  new_time := greatest(date_trunc('milliseconds', clock_timestamp()), old.modified_time);
  UPDATE dataset.dataset AS d
     SET sync_count = new_count,
         modified_time = new_time,
         modified_by = modified_by_,
         live_records = d.live_records + met.records,
         keys = d.keys + met.keys,
         bytes = d.bytes + met.bytes,
         applied_request = ARRAY[request_id] || d.applied_request[:7],
         applied_content = ARRAY[content_id] || d.applied_content[:7],
         applied_count = ARRAY[CASE WHEN seen_generation IS NULL THEN new_count
                                    ELSE -new_count END] || d.applied_count[:7],
         applied_time = ARRAY[new_time] || d.applied_time[:7]
   WHERE (d.owner, d.pool_id, d.identity_id, d.name) = (owner_, pool_id_, identity_id_, name_);
  INSERT INTO dataset.record (owner, dataset_id, key, value, sync_count, modified_time,
                              device_modified_time, modified_by)
  SELECT owner_, old.dataset_id, p.key, p.value, new_count, new_time,
         coalesce(p.device_time, new_time), modified_by_
    FROM unnest(patch_keys, patch_values, patch_times) AS p (key, value, device_time)
  ON CONFLICT (owner, dataset_id, key) DO UPDATE
     SET value = excluded.value, sync_count = excluded.sync_count,
         modified_time = excluded.modified_time,
         device_modified_time = excluded.device_modified_time,
         modified_by = excluded.modified_by;
  INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,
                                  generation, kind, commit_time, traceparent, body)
  VALUES (owner_ & 255, pool_number, owner_, old.dataset_id, new_count, old.generation, 1,
          new_time, traceparent, body);
  INSERT INTO dataset.usage_delta AS u (pool_id, lane, bytes, modified_time)
  VALUES (pool_id_, dataset.usage_lane(), met.bytes, new_time)
  ON CONFLICT (pool_id, lane) DO UPDATE
     SET bytes = u.bytes + excluded.bytes,
         modified_time = greatest(u.modified_time, excluded.modified_time);
  outcomes := ARRAY[0];
  counts := ARRAY[new_count];
  times := ARRAY[new_time];
END $$;
