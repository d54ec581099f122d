-- What changes datasets besides UpdateRecords.

-- Adds to a pool's usage.
CREATE FUNCTION dataset.add_usage(pool_id_ text, bytes_ bigint, modified_time_ timestamptz)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO dataset.usage_delta AS u (pool_id, lane, bytes, modified_time)
  VALUES (pool_id_, dataset.usage_lane(), bytes_, modified_time_)
  ON CONFLICT (pool_id, lane) DO UPDATE
     SET bytes = u.bytes + excluded.bytes,
         modified_time = greatest(u.modified_time, excluded.modified_time);
END;

-- Deletes a live dataset: takes the next count, logs it, gives up its records at once by taking a new
-- surrogate id, begins the next generation, and keeps the row as a tombstone. What it decides is
-- what ApplyDelete decides (services/dataset/domain/merge.h). Without a request id nothing is
-- looked up or remembered.
--
-- Updates whose callers gave them no id, known by the last bit of what stands in applied_request,
-- are forgotten: the same content sent to the dataset's next life is a new update.
--
-- Outcomes: 0 deleted, 1 a repeat of an applied deletion, 2 the request's id was used for other
-- content, 3 there is no such live dataset. The rest describes the dataset as it was, with the
-- count and time of its deletion. A repeat that comes when the dataset was written or deleted again
-- does not get what that life holds, but -infinity and zeros.
CREATE FUNCTION dataset.delete_dataset(
  owner_ bigint, pool_id_ text, identity_id_ text, name_ text, pool_number integer,
  request_id uuid, content_id uuid, modified_by_ text, traceparent text, body bytea,
  OUT outcome smallint, OUT sync_count bigint, OUT generation bigint,
  OUT created_time timestamptz, OUT modified_time timestamptz, OUT modified_by text,
  OUT live_records bigint, OUT bytes bigint, OUT deleted_at_count bigint)
LANGUAGE plpgsql
-- Always by way of the keys, as update_batch.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET lock_timeout = '1s'
AS $$
DECLARE
  old dataset.dataset;
  replay integer;
  new_time timestamptz;
BEGIN
  SELECT d.* INTO old
    FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id, d.name) = (owner_, pool_id_, identity_id_, name_)
     FOR NO KEY UPDATE;
  new_time := greatest(date_trunc('milliseconds', clock_timestamp()), old.modified_time);
  replay := array_position(old.applied_request, request_id);
  IF new_time - old.applied_time[replay] > interval '1 hour' OR request_id IS NULL THEN
    replay := NULL;
  END IF;
  outcome := CASE
    WHEN replay IS NOT NULL
      THEN CASE WHEN old.applied_content[replay] = content_id THEN 1 ELSE 2 END
    WHEN old.live THEN 0
    ELSE 3
  END;
  sync_count := CASE outcome WHEN 0 THEN old.sync_count + 1 ELSE old.applied_count[replay] END;
  modified_time := CASE outcome WHEN 0 THEN new_time ELSE old.applied_time[replay] END;
  modified_by := modified_by_;
  deleted_at_count := sync_count;
  IF outcome = 1 AND (old.live OR old.deleted_at_count <> sync_count) THEN
    generation := 0;
    created_time := '-infinity';
    live_records := 0;
    bytes := 0;
  ELSE
    generation := old.generation;
    created_time := old.created_time;
    live_records := old.live_records;
    bytes := old.bytes;
  END IF;
  IF outcome <> 0 THEN
    RETURN;
  END IF;

  SELECT coalesce(array_agg(a.request ORDER BY a.n), '{}'),
         coalesce(array_agg(a.content ORDER BY a.n), '{}'),
         coalesce(array_agg(a.count ORDER BY a.n), '{}'),
         coalesce(array_agg(a.time ORDER BY a.n), '{}')
    INTO STRICT old.applied_request, old.applied_content, old.applied_count, old.applied_time
    FROM unnest(old.applied_request, old.applied_content, old.applied_count, old.applied_time)
           WITH ORDINALITY AS a (request, content, count, time, n)
   WHERE get_byte(uuid_send(a.request), 15) & 1 = 0;
  IF request_id IS NOT NULL THEN
    old.applied_request := (request_id || old.applied_request)[1:8];
    old.applied_content := (content_id || old.applied_content)[1:8];
    old.applied_count := (sync_count || old.applied_count)[1:8];
    old.applied_time := (new_time || old.applied_time)[1:8];
  END IF;

  UPDATE dataset.identity AS i
     SET live_datasets = i.live_datasets - 1
   WHERE (i.owner, i.pool_id, i.identity_id) = (owner_, pool_id_, identity_id_);
  UPDATE dataset.dataset AS d
     SET dataset_id = DEFAULT,
         generation = old.generation + 1,
         sync_count = delete_dataset.sync_count,
         live = false,
         modified_time = new_time,
         modified_by = modified_by_,
         keys = 0,
         deleted_at_count = delete_dataset.sync_count,
         merged_into = NULL,
         applied_request = old.applied_request,
         applied_content = old.applied_content,
         applied_count = old.applied_count,
         applied_time = old.applied_time
   WHERE (d.owner, d.pool_id, d.identity_id, d.name) = (owner_, pool_id_, identity_id_, name_);
  INSERT INTO dataset.record_purge (owner, dataset_id, pool_id, identity_id)
  VALUES (owner_, old.dataset_id, pool_id_, identity_id_);
  INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,
                                  generation, kind, commit_time, traceparent, body)
  VALUES (owner_ & 255, pool_number, owner_, old.dataset_id, sync_count, old.generation, 2,
          new_time, traceparent, body);
  PERFORM dataset.add_usage(pool_id_, -old.bytes, new_time);
END $$;

-- Locks everything of some identities, in order, for the rest of the transaction: no dataset of
-- theirs can change or be created. Makes rows of `identity` for those that have none.
--
-- 40001: a dataset was created at the same moment; begin again.
CREATE FUNCTION dataset.lock_identities(owners bigint[], pool_ids text[], identity_ids text[])
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET lock_timeout = '1s'
AS $$
DECLARE
  locked bigint;
  found bigint;
BEGIN
  SELECT count(*) INTO locked
    FROM (SELECT 1
            FROM dataset.dataset AS d
            JOIN unnest(owners, pool_ids, identity_ids) AS r (owner, pool_id, identity_id)
              ON (d.owner, d.pool_id, d.identity_id) = (r.owner, r.pool_id, r.identity_id)
           ORDER BY d.owner, d.pool_id, d.identity_id, d.name
             FOR NO KEY UPDATE OF d) AS d;
  INSERT INTO dataset.identity AS i (owner, pool_id, identity_id)
  SELECT r.owner, r.pool_id, r.identity_id
    FROM unnest(owners, pool_ids, identity_ids) AS r (owner, pool_id, identity_id)
   ORDER BY r.owner, r.pool_id, r.identity_id
  -- Locks the rows that exist, and writes none of them.
  ON CONFLICT (owner, pool_id, identity_id)
  DO UPDATE SET live_datasets = i.live_datasets WHERE false;
  SELECT count(*) INTO found
    FROM dataset.dataset AS d
    JOIN unnest(owners, pool_ids, identity_ids) AS r (owner, pool_id, identity_id)
      ON (d.owner, d.pool_id, d.identity_id) = (r.owner, r.pool_id, r.identity_id);
  IF found <> locked THEN
    RAISE serialization_failure USING MESSAGE = 'a dataset was created by another session';
  END IF;
END $$;

-- Erases every row of an identity, without a word in the change log; its records go to record_purge.
CREATE FUNCTION dataset.erase_identity(
  owner_ bigint, pool_id_ text, identity_id_ text)
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET lock_timeout = '1s'
AS $$
DECLARE
  freed bigint;
BEGIN
  PERFORM dataset.lock_identities(ARRAY[owner_], ARRAY[pool_id_], ARRAY[identity_id_]);
  SELECT sum(d.bytes) INTO freed
    FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id) = (owner_, pool_id_, identity_id_) AND d.live;
  INSERT INTO dataset.record_purge (owner, dataset_id, pool_id, identity_id)
  SELECT d.owner, d.dataset_id, d.pool_id, d.identity_id
    FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id) = (owner_, pool_id_, identity_id_) AND d.keys > 0;
  DELETE FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id) = (owner_, pool_id_, identity_id_);
  DELETE FROM dataset.identity AS i
   WHERE (i.owner, i.pool_id, i.identity_id) = (owner_, pool_id_, identity_id_);
  IF freed > 0 THEN
    PERFORM dataset.add_usage(pool_id_, -freed, date_trunc('milliseconds', clock_timestamp()));
  END IF;
END $$;
