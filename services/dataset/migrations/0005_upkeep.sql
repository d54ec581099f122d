-- What upkeep does in the background. Any number of replicas may run it: each function takes what
-- no other session works on. SECURITY DEFINER where only the owner of the tables may act.

-- The change log's partitions: their positions are first_position <= position < end_position.
CREATE VIEW dataset.change_log_partition AS
SELECT c.relname AS name,
       bounds[1]::bigint AS first_position,
       bounds[2]::bigint AS end_position,
       pg_relation_size(c.oid) > 0 AS written,
       pg_total_relation_size(c.oid) AS bytes
  FROM pg_inherits AS i
  JOIN pg_class AS c ON c.oid = i.inhrelid
 CROSS JOIN regexp_match(pg_get_expr(c.relpartbound, c.oid),
                         'FROM \(''(\d+)''\) TO \(''(\d+)''\)') AS bounds
 WHERE i.inhparent = 'dataset.change_log'::regclass AND NOT i.inhdetachpending;

-- The highest position taken so far; 0 for none.
CREATE FUNCTION dataset.change_log_end() RETURNS bigint
LANGUAGE sql
AS 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM dataset.change_log_position';

-- The highest position taken so far, and a transaction id taken after it: once pg_snapshot_xmin
-- has reached that, every position up to there is committed or will never be.
CREATE FUNCTION dataset.change_log_horizon(OUT log_end bigint, OUT horizon xid8)
LANGUAGE plpgsql
AS $$
BEGIN
  log_end := dataset.change_log_end();
  horizon := pg_current_xact_id();
END $$;

-- Creates partitions until the log has room for `rows_ahead` more positions. They are cut so that
-- one holds about `partition_bytes` at the size that changes have had of late: from 5,000 to
-- `max_partition_rows` positions (the upper bound holds if they disagree). While too few were
-- written to tell, they are as large as the newest. Returns how many. A partition is made by itself
-- and then attached, which holds up nobody.
CREATE FUNCTION dataset.extend_change_log(
  max_partition_rows bigint, partition_bytes bigint, rows_ahead bigint)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
DECLARE
  log_end CONSTANT bigint := dataset.change_log_end();
  room_end bigint;
  newest_rows bigint;
  row_bytes numeric;
  partition_rows bigint;
  partition name;
  created integer := 0;
BEGIN
  PERFORM FROM dataset.change_log_state FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;  -- another replica is at it
  END IF;
  SELECT p.end_position, p.end_position - p.first_position INTO room_end, newest_rows
    FROM dataset.change_log_partition AS p
   ORDER BY p.end_position DESC
   LIMIT 1;
  room_end := coalesce(room_end, log_end + 1);
  IF room_end > log_end + rows_ahead THEN
    RETURN 0;
  END IF;
  -- An empty index takes a page: a few rows say nothing of the size of many.
  SELECT sum(p.bytes) / sum(least(p.end_position - 1, log_end) - p.first_position + 1)
    INTO row_bytes
    FROM (SELECT * FROM dataset.change_log_partition
           WHERE written AND log_end - first_position >= 1000
           ORDER BY first_position DESC
           LIMIT 2) AS p;
  partition_rows := coalesce(trunc(partition_bytes / row_bytes)::bigint, newest_rows,
                             max_partition_rows);
  partition_rows := least(greatest(partition_rows, 5000), max_partition_rows);
  WHILE room_end <= log_end + rows_ahead LOOP
    partition := format('change_log_%s', room_end);
    -- Rows are only ever added, and the whole is emptied at once: nothing to vacuum.
    EXECUTE format('CREATE TABLE dataset.%I (LIKE dataset.change_log)'
                   ' WITH (autovacuum_vacuum_insert_threshold = -1)', partition);
    EXECUTE format('ALTER TABLE dataset.change_log ATTACH PARTITION dataset.%I'
                   ' FOR VALUES FROM (%s) TO (%s)',
                   partition, room_end, room_end + partition_rows);
    room_end := room_end + partition_rows;
    created := created + 1;
  END LOOP;
  RETURN created;
END $$;
REVOKE ALL ON FUNCTION dataset.extend_change_log FROM PUBLIC;

-- Empties the oldest partition that holds rows, if publishers have passed all of it, or if it is
-- wholly older than `max_age`, or the log is larger than `max_bytes`. The last one is never
-- emptied while it may be written to. Returns its bounds, and whether publishers had passed it;
-- nulls if nothing was done. 55P03: a reader is in the way; try again later.
CREATE FUNCTION dataset.empty_change_log(
  max_age interval, max_bytes bigint,
  OUT first_position bigint, OUT end_position bigint, OUT passed boolean)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  state dataset.change_log_state;
  oldest dataset.change_log_partition;
  newest_time timestamptz;
BEGIN
  SELECT s.* INTO state FROM dataset.change_log_state AS s FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT p.* INTO oldest
    FROM dataset.change_log_partition AS p
   WHERE p.written
   ORDER BY p.first_position
   LIMIT 1;
  IF oldest IS NULL OR oldest.end_position - 1 > dataset.change_log_end() THEN
    RETURN;
  END IF;
  passed := oldest.end_position - 1 <= state.low_mark;
  IF NOT passed THEN
    EXECUTE format('SELECT commit_time FROM dataset.%I ORDER BY position DESC LIMIT 1', oldest.name)
       INTO newest_time;
    IF newest_time > clock_timestamp() - max_age
       AND (SELECT sum(p.bytes) FROM dataset.change_log_partition AS p) <= max_bytes THEN
      passed := NULL;
      RETURN;
    END IF;
  END IF;
  -- Together: whoever sees the partition empty sees this too.
  UPDATE dataset.change_log_state AS s
     SET emptied_through = greatest(s.emptied_through, oldest.end_position - 1);
  EXECUTE format('TRUNCATE dataset.%I', oldest.name);
  first_position := oldest.first_position;
  end_position := oldest.end_position;
END $$;
REVOKE ALL ON FUNCTION dataset.empty_change_log FROM PUBLIC;

-- Drops the oldest emptied partitions, at most `max_dropped`, if more than `keep` are attached.
-- Every attached partition costs every reader a lock. Returns how many it dropped.
--
-- Dropping locks the whole log for a moment. While it waits for that lock, whoever comes later
-- waits behind it, writers too: hence the short bound, and hence call it seldom. 55P03: a reader is
-- in the way; try again later.
CREATE FUNCTION dataset.drop_change_log_partitions(keep integer, max_dropped integer)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  state dataset.change_log_state;
  emptied name[];
BEGIN
  SELECT s.* INTO state FROM dataset.change_log_state AS s FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;  -- another replica is at it
  END IF;
  SELECT array_agg(p.name ORDER BY p.first_position) INTO emptied
    FROM dataset.change_log_partition AS p
   WHERE NOT p.written AND p.end_position - 1 <= state.emptied_through;
  IF emptied IS NULL OR cardinality(emptied) <= keep THEN
    RETURN 0;
  END IF;
  emptied := emptied[:max_dropped];
  EXECUTE (SELECT 'DROP TABLE ' || string_agg(format('dataset.%I', name), ', ')
             FROM unnest(emptied) AS name);
  RETURN cardinality(emptied);
END $$;
REVOKE ALL ON FUNCTION dataset.drop_change_log_partitions FROM PUBLIC;

-- Folds changes of usage into pool_usage, and returns how many.
CREATE FUNCTION dataset.fold_usage() RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH taken AS (
    DELETE FROM dataset.usage_delta AS u
     USING (SELECT pool_id, lane FROM dataset.usage_delta FOR UPDATE SKIP LOCKED) AS t
     WHERE (u.pool_id, u.lane) = (t.pool_id, t.lane)
    RETURNING u.pool_id, u.bytes, u.modified_time
  ), folded AS (
    INSERT INTO dataset.pool_usage AS p (pool_id, bytes, modified_time)
    SELECT pool_id, sum(bytes), max(modified_time) FROM taken GROUP BY pool_id ORDER BY pool_id
    ON CONFLICT (pool_id) DO UPDATE
       SET bytes = p.bytes + excluded.bytes,
           modified_time = greatest(p.modified_time, excluded.modified_time)
  )
  SELECT count(*) FROM taken;
END;

-- Deletes up to `max_records` records of a row of record_purge that the caller has locked, and the
-- row with the last of them. Returns how many.
CREATE FUNCTION dataset.purge_chunk(owner_ bigint, dataset_id_ bigint, max_records integer)
RETURNS integer
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
  deleted integer;
BEGIN
  -- By place, as nothing moves what no dataset refers to: a join by key may read all of the dataset.
  DELETE FROM dataset.record AS c
   WHERE c.ctid = ANY (ARRAY(SELECT r.ctid
                               FROM dataset.record AS r
                              WHERE r.owner = owner_ AND r.dataset_id = dataset_id_
                              LIMIT max_records));
  GET DIAGNOSTICS deleted = ROW_COUNT;
  IF deleted < max_records THEN
    DELETE FROM dataset.record_purge AS q WHERE (q.owner, q.dataset_id) = (owner_, dataset_id_);
  END IF;
  RETURN deleted;
END $$;

-- Deletes up to `max_records` records that no dataset refers to, all of one dataset, and returns how
-- many; null if there are none left that no other session is at.
CREATE FUNCTION dataset.purge_records(max_records integer) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
  queued dataset.record_purge;
BEGIN
  SELECT q.* INTO queued FROM dataset.record_purge AS q LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN dataset.purge_chunk(queued.owner, queued.dataset_id, max_records);
END $$;

-- The same for the records of one identity. Waits for other sessions: null says that none are left.
CREATE FUNCTION dataset.purge_records_of(
  owner_ bigint, pool_id_ text, identity_id_ text, max_records integer)
RETURNS integer
LANGUAGE plpgsql
SET enable_seqscan = off
SET lock_timeout = '1s'
AS $$
DECLARE
  queued dataset.record_purge;
BEGIN
  SELECT q.* INTO queued
    FROM dataset.record_purge AS q
   WHERE (q.owner, q.pool_id, q.identity_id) = (owner_, pool_id_, identity_id_)
   LIMIT 1
     FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN dataset.purge_chunk(queued.owner, queued.dataset_id, max_records);
END $$;

-- Room for the first changes, before upkeep ever runs; in small partitions, as nothing is known of
-- their size.
SELECT dataset.extend_change_log(20000, 0, 300000);
