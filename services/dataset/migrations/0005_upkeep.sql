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

-- Creates partitions of `partition_rows` positions until the log has room for `rows_ahead` more.
-- Returns how many. A partition is made by itself and then attached, which holds up nobody.
CREATE FUNCTION dataset.extend_change_log(partition_rows bigint, rows_ahead bigint)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
DECLARE
  log_end CONSTANT bigint := dataset.change_log_end();
  room_end bigint;
  partition name;
  created integer := 0;
BEGIN
  PERFORM FROM dataset.change_log_state FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;  -- another replica is at it
  END IF;
  SELECT coalesce(max(p.end_position), 1) INTO STRICT room_end
    FROM dataset.change_log_partition AS p;
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

-- Deletes up to `max_records` records of deleted datasets, all of one dataset, and returns how
-- many; null if there are none left.
CREATE FUNCTION dataset.purge_records(max_records integer) RETURNS integer
LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
  queued dataset.record_purge;
  deleted integer;
BEGIN
  SELECT q.* INTO queued FROM dataset.record_purge AS q LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  DELETE FROM dataset.record AS c
   USING (SELECT r.key
            FROM dataset.record AS r
           WHERE r.owner = queued.owner AND r.dataset_id = queued.dataset_id
           LIMIT max_records) AS chunk
   WHERE c.owner = queued.owner AND c.dataset_id = queued.dataset_id AND c.key = chunk.key;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  IF deleted < max_records THEN
    DELETE FROM dataset.record_purge AS q
     WHERE (q.owner, q.dataset_id) = (queued.owner, queued.dataset_id);
  END IF;
  RETURN deleted;
END $$;

-- Room for the first changes, before upkeep ever runs.
SELECT dataset.extend_change_log(1000000, 4000000);
